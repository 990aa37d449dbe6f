import type { InspectAnchor, InspectPlace } from '../store/slices/inspect.ts';
import type { Document } from './document.ts';
import type { Flow } from './flow.ts';

/** By what a line is found again. */
export function lineKey(lines: Document, line: number): string {
	const at = lines[line];
	return at?.key ?? at?.text ?? '';
}

/** The line an anchor stands for now: the same place where it still says the same, else the nearest that does. */
export function resolveAnchor(lines: Document, anchor: InspectAnchor): number {
	if (lineKey(lines, anchor.line) === anchor.key && anchor.line < lines.length) return anchor.line;
	for (let distance = 1; distance < lines.length + anchor.line; distance++) {
		const before = anchor.line - distance;
		const after = anchor.line + distance;
		if (before >= 0 && before < lines.length && lineKey(lines, before) === anchor.key) return before;
		if (after < lines.length && lineKey(lines, after) === anchor.key) return after;
		if (before < 0 && after >= lines.length) break;
	}
	return Math.max(0, Math.min(anchor.line, lines.length - 1));
}

/** Rows of a document that are on a page: its top row and the row of the cursor. */
export type Window = { readonly top: number; readonly cursor: number };

/** Where a place is in the document as it is now; the cursor keeps its row on the screen. */
export function windowOf(lines: Document, flow: Flow, place: InspectPlace, pageRows: number): Window {
	const { cursor: anchor } = place;
	const last = Math.max(0, flow.count - 1);
	const cursor = anchor ? Math.min(last, flow.rowOf(resolveAnchor(lines, anchor), anchor.part)) : 0;
	const wanted = cursor - Math.min(place.screenRow, pageRows - 1);
	return { cursor, top: Math.max(0, Math.min(wanted, flow.count - pageRows)) };
}

/** The place whose cursor is on a row; the page moves only as far as it must. */
export function placeAt(
	lines: Document,
	flow: Flow,
	row: number,
	options: { readonly top: number; readonly pageRows: number; readonly column: number },
): InspectPlace {
	const target = Math.max(0, Math.min(row, flow.count - 1));
	const lowest = Math.max(0, flow.count - options.pageRows);
	const shown = Math.min(Math.max(options.top, target - options.pageRows + 1), target);
	const top = Math.max(0, Math.min(shown, lowest));
	const { line, part } = flow.rowAt(target);
	return {
		cursor: { key: lineKey(lines, line), line, part },
		screenRow: target - top,
		column: options.column,
	};
}
