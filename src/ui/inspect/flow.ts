import { graphemeCells } from '../../text/width.ts';
import type { Document } from './document.ts';

/** A row on the screen: which line of the document, and which part of its text. */
export type FlowRow = {
	readonly line: number;
	readonly part: number;
	readonly start: number;
	readonly end: number;
};

/** A document as rows: one a line, or as many as wrapping makes of it. */
export type Flow = {
	readonly count: number;
	readonly rowAt: (row: number) => FlowRow;
	/** First row of a line, or of one of its parts. */
	readonly rowOf: (line: number, part?: number) => number;
};

const ascii = /^[\x20-\x7e]*$/;

/**
 * Cells of a character that stands for itself whatever is beside it; 0 for one that needs a closer look.
 * Source: Unicode 17, EastAsianWidth.txt; the blocks hold neither marks nor emoji.
 */
function plainCells(unit: number): 0 | 1 | 2 {
	if ((unit >= 0x20 && unit < 0x7f) || (unit > 0xae && unit < 0x300)) return 1;
	if (
		(unit >= 0x370 && unit < 0x483) ||
		(unit >= 0x2010 && unit < 0x2028) ||
		(unit >= 0x2500 && unit < 0x2580)
	)
		return 1;
	if ((unit >= 0x3041 && unit < 0x3097) || (unit >= 0x30a0 && unit < 0x3100)) return 2;
	return (unit >= 0x4e00 && unit < 0xa000) || (unit >= 0xac00 && unit < 0xd7a4) ? 2 : 0;
}

/** The breaks of a text of plain characters; undefined for one that has others. */
function plainBreaks(text: string, widthCells: number, rest: number): readonly number[] | undefined {
	const breaks: number[] = [];
	let used = 0;
	let room = widthCells;
	for (let index = 0; index < text.length; index++) {
		const cells = plainCells(text.charCodeAt(index));
		if (cells === 0) return undefined;
		if (used + cells > room && used > 0) {
			breaks.push(index);
			used = 0;
			room = rest;
		}
		used += cells;
	}
	return breaks;
}

/** Where the rows of one line begin, the first (0) left out; the ones after the first have `hang` cells less. */
function breaksOf(text: string, widthCells: number, hang: number): readonly number[] {
	const breaks: number[] = [];
	const rest = widthCells - hang;
	if (ascii.test(text)) {
		let at = 0;
		for (let room = widthCells; at + room < text.length; room = rest) {
			// A word stays whole where a blank is near: paths and ids have none, and are cut where they must be.
			const blank = text.lastIndexOf(' ', at + room - 1);
			at = blank > at + room - Math.min(16, room / 3) ? blank + 1 : at + room;
			breaks.push(at);
		}
		return breaks;
	}
	// Taking characters apart costs a hundred times as much: only where they can be more than they seem.
	const plain = plainBreaks(text, widthCells, rest);
	if (plain) return plain;
	let offset = 0;
	let used = 0;
	let room = widthCells;
	for (const cell of graphemeCells(text)) {
		if (used + cell.widthCells > room && used > 0) {
			breaks.push(offset);
			used = 0;
			room = rest;
		}
		used += cell.widthCells;
		offset += cell.text.length;
	}
	return breaks;
}

/** Cells by which a wrapped row is set in; a narrow screen has none to spare. */
export function hangOf({ hang }: { readonly hang?: number | undefined }, widthCells: number): number {
	if (hang === undefined || widthCells < 12) return 0;
	return hang * 3 <= widthCells ? hang : Math.min(hang, 4);
}

/** Every line is one row: what is too long is reached sideways. */
export function unwrapped(lines: Document): Flow {
	return {
		count: lines.length,
		rowAt: (row) => ({ line: row, part: 0, start: 0, end: lines[row]?.text.length ?? 0 }),
		rowOf: (line) => line,
	};
}

/** Lines wrapped at a width in cells, never amid a character. Costs one pass over the document. */
export function wrapped(lines: Document, widthCells: number): Flow {
	const width = Math.max(1, widthCells);
	const lineOf: number[] = [];
	const startOf: number[] = [];
	const firstRow: number[] = [];
	for (const [index, line] of lines.entries()) {
		const { text } = line;
		firstRow.push(lineOf.length);
		lineOf.push(index);
		startOf.push(0);
		// No character takes more than two cells a unit: such a short text needs no closer look.
		if (text.length * 2 <= width) continue;
		for (const at of breaksOf(text, width, hangOf(line, width))) {
			lineOf.push(index);
			startOf.push(at);
		}
	}
	return {
		count: lineOf.length,
		rowAt(row) {
			const line = lineOf[row] ?? 0;
			const next = lineOf[row + 1] === line ? startOf[row + 1] : undefined;
			return {
				line,
				part: row - (firstRow[line] ?? row),
				start: startOf[row] ?? 0,
				end: next ?? lines[line]?.text.length ?? 0,
			};
		},
		rowOf(line, part = 0) {
			const first = firstRow[line] ?? 0;
			const after = firstRow[line + 1] ?? lineOf.length;
			return Math.min(first + part, after - 1);
		},
	};
}
