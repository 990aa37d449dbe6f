import { sliceCells, stringWidthCells } from '../../text/width.ts';
import type { Line, Span } from '../theme/tokens.ts';

/** Cells that a line takes. */
export function lineWidthCells(line: Line): number {
	return line.reduce((sum, span) => sum + stringWidthCells(span.text), 0);
}

/** Cuts a line to `width` cells, ending it in … where something was lost. Text must hold no control characters. */
export function truncateLine(line: Line, width: number): Line {
	if (width <= 0) return [];
	if (lineWidthCells(line) <= width) return line;
	const out: Span[] = [];
	let left = width - 1;
	for (const span of line) {
		const cells = stringWidthCells(span.text);
		if (cells > left) {
			out.push({ ...span, text: `${sliceCells(span.text, 0, left)}…` });
			return out;
		}
		out.push(span);
		left -= cells;
	}
	return out;
}

/** Makes a line exactly `width` cells wide. */
export function fitLine(line: Line, width: number, align: 'left' | 'right' = 'left'): Line {
	const cut = truncateLine(line, width);
	const pad = width - lineWidthCells(cut);
	if (pad <= 0) return cut;
	const space: Span = { text: ' '.repeat(pad) };
	return align === 'right' ? [space, ...cut] : [...cut, space];
}

/** A line with its right part against the right edge; the left part yields where both do not fit. */
export function splitLine(left: Line, right: Line, width: number): Line {
	const rightCells = lineWidthCells(right);
	if (rightCells >= width) return truncateLine(right, width);
	return [...fitLine(left, width - rightCells), ...right];
}

/** The whole line reversed and stripped of colours: the one way in which a cursor row is shown everywhere. */
export function selectedLine(line: Line): Line {
	return line.map((span) => ({
		text: span.text,
		reverse: true,
		bold: span.token === 'match',
		underline: span.token === 'match',
	}));
}

/** The part of a line from cell `start` up to, not including, cell `end`. */
export function sliceLine(line: Line, start: number, end: number): Line {
	const out: Span[] = [];
	let at = 0;
	for (const span of line) {
		const cells = stringWidthCells(span.text);
		if (at + cells > start && at < end) {
			const whole = at >= start && at + cells <= end;
			out.push(whole ? span : { ...span, text: sliceCells(span.text, Math.max(0, start - at), end - at) });
		}
		at += cells;
	}
	return out;
}

function sameSpan(left: Span, right: Span): boolean {
	return (
		left === right ||
		(left.text === right.text &&
			left.token === right.token &&
			left.sgr === right.sgr &&
			!left.bold === !right.bold &&
			!left.underline === !right.underline &&
			!left.reverse === !right.reverse)
	);
}

function sameLine(left: Line | undefined, right: Line): boolean {
	return (
		left === right ||
		(left?.length === right.length && right.every((span, index) => sameSpan(left[index] as Span, span)))
	);
}

/** `next` with the objects of `before` wherever a line reads the same, and `before` itself where all do. */
export function keptLines(before: readonly Line[], next: readonly Line[]): readonly Line[] {
	let changed = before.length !== next.length;
	const kept = next.map((line, index) => {
		const old = before[index];
		if (old && sameLine(old, line)) return old;
		changed = true;
		return line;
	});
	return changed ? kept : before;
}
