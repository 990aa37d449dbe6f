import type { TextRange } from '../../node/logs/log-matcher.ts';
import { graphemeCells, sliceCells, stringWidthCells } from '../../text/width.ts';
import type { Line, Span } from '../theme/tokens.ts';

const printableAscii = /^[\x20-\x7e]*$/u;

/**
 * Cuts a line into rows of at most `width` cells; a wide character that does not fit goes to the next row. Nothing
 * is lost: the rows joined are the line. An empty line has one empty row.
 */
export function wrapSpans(line: Line, width: number): readonly Line[] {
	const room = Math.max(2, width);
	const rows: Span[][] = [[]];
	let used = 0;
	for (const span of line) {
		if (printableAscii.test(span.text)) {
			let at = 0;
			while (at < span.text.length) {
				if (used === room) {
					rows.push([]);
					used = 0;
				}
				const text = span.text.slice(at, at + room - used);
				rows.at(-1)?.push({ ...span, text });
				at += text.length;
				used += text.length;
			}
			continue;
		}
		let text = '';
		for (const cell of graphemeCells(span.text)) {
			if (used + cell.widthCells > room) {
				if (text !== '') rows.at(-1)?.push({ ...span, text });
				rows.push([]);
				text = '';
				used = 0;
			}
			text += cell.text;
			used += cell.widthCells;
		}
		if (text !== '') rows.at(-1)?.push({ ...span, text });
	}
	return rows;
}

/** The part of a line from the cell `start` on, at most `width` cells: for looking sideways. */
export function sliceLine(line: Line, start: number, width: number): Line {
	const out: Span[] = [];
	let column = 0;
	for (const span of line) {
		const cells = stringWidthCells(span.text);
		if (column + cells > start && column < start + width) {
			out.push({ ...span, text: sliceCells(span.text, start - column, start + width - column) });
		}
		column += cells;
		if (column >= start + width) break;
	}
	return out;
}

/** Gives parts of a line, in UTF-16 units of its whole text, another look. Ranges are in order and do not overlap. */
export function markRanges(line: Line, ranges: readonly TextRange[], look: Omit<Span, 'text'>): Line {
	if (ranges.length === 0) return line;
	const out: Span[] = [];
	let offset = 0;
	let next = 0;
	for (const span of line) {
		let at = 0;
		while (at < span.text.length) {
			while (next < ranges.length && (ranges[next]?.end ?? 0) <= offset + at) next++;
			const range = ranges[next];
			const start = range ? Math.max(0, range.start - offset) : span.text.length;
			if (start > at) {
				const end = Math.min(start, span.text.length);
				out.push({ ...span, text: span.text.slice(at, end) });
				at = end;
			} else {
				const end = Math.min((range?.end ?? 0) - offset, span.text.length);
				out.push({ ...look, text: span.text.slice(at, end) });
				at = end;
			}
		}
		offset += span.text.length;
	}
	return out;
}

/** The text of a line without its looks. */
export function lineText(line: Line): string {
	return line.map(({ text }) => text).join('');
}
