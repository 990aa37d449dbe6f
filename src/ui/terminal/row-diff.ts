import type { GridLine } from './cell-grid.ts';
import { canWrite, eraseToEnd, forward, moveTo, type Pen, putCell } from './pen.ts';
import { type CellStyle, DEFAULT_STYLE, sameStyle } from './text-style.ts';

/** Blanks that must be written over something before a second way of painting the row is tried. */
const WORTH_A_SECOND_TRY = 6;

/** Bytes of `ESC [ K`. */
const ERASE_LENGTH = 3;

/** A line without anything on it. */
export const EMPTY_LINE: GridLine = {
	texts: [],
	styles: [],
	end: 0,
	risky: false,
	styleAfter: DEFAULT_STYLE,
};

/**
 * Brings one row of the screen from what it shows to what it should, in the fewest bytes: either cell by cell,
 * or erased from the first difference on, whichever is shorter.
 *
 * @param shown what stands on the row; `undefined` when that is not known.
 */
export function paintRow(
	pen: Pen,
	row: number,
	columns: number,
	shown: GridLine | undefined,
	wanted: GridLine,
): void {
	if (wanted.risky || shown?.risky) {
		paintUncertainRow(pen, row, columns, wanted);
		return;
	}
	if (shown === undefined) {
		moveTo(pen, row, 0);
		eraseToEnd(pen);
		paintDifference(pen, row, columns, EMPTY_LINE, wanted, 0);
		return;
	}
	const first = firstDifference(shown, wanted);
	if (first < 0) {
		return;
	}
	const erased: Pen = { ...pen };
	const blanks = paintDifference(pen, row, columns, shown, wanted, first);
	// When little of a long line stays, erasing the rest and writing what is left beats overwriting blanks.
	if (blanks >= WORTH_A_SECOND_TRY) {
		moveTo(erased, row, first);
		eraseToEnd(erased);
		paintDifference(erased, row, columns, EMPTY_LINE, wanted, first);
		if (erased.out.length < pen.out.length) {
			Object.assign(pen, erased);
		}
	}
}

/** Paints the cells that differ; returns how many of them became blanks that show nothing. */
function paintDifference(
	pen: Pen,
	row: number,
	columns: number,
	shown: GridLine,
	wanted: GridLine,
	first: number,
): number {
	const erases = shown.end - wanted.end > ERASE_LENGTH;
	const limit = erases ? wanted.end : Math.max(shown.end, wanted.end);
	let blanks = 0;
	for (let column = first; column < limit; column++) {
		const text = textAt(wanted, column);
		if (text === '' || sameCell(shown, wanted, column)) {
			continue;
		}
		if (!writeAcross(pen, row, column, wanted)) {
			moveTo(pen, row, column);
		}
		const style = styleAt(wanted, column);
		blanks += text === ' ' && style === DEFAULT_STYLE ? 1 : 0;
		putCell(pen, text, style, widthAt(wanted, column), columns);
	}
	if (erases) {
		moveTo(pen, row, Math.max(first, wanted.end));
		eraseToEnd(pen);
	}
	return blanks;
}

/** Writes the unchanged cells between cursor and target again where that costs no more than to step over them. */
function writeAcross(pen: Pen, row: number, target: number, wanted: GridLine): boolean {
	if (pen.row !== row || pen.column < 0 || pen.column >= target) {
		return false;
	}
	const budget = forward(target - pen.column).length;
	let text = '';
	for (let column = pen.column; column < target; column++) {
		const cell = textAt(wanted, column);
		if (cell !== '' && !canWrite(pen, cell, styleAt(wanted, column))) {
			return false;
		}
		text += cell;
	}
	if (Buffer.byteLength(text) > budget) {
		return false;
	}
	pen.out += text;
	pen.column = target;
	return true;
}

/**
 * Paints a whole row that holds characters of disputed width: blanks under each, an absolute move behind each,
 * so that a terminal of another opinion garbles that character and nothing else.
 */
function paintUncertainRow(pen: Pen, row: number, columns: number, wanted: GridLine): void {
	for (let column = 0; column < wanted.end; column++) {
		const text = textAt(wanted, column);
		if (text === '') {
			continue;
		}
		const style = styleAt(wanted, column);
		const widthCells = widthAt(wanted, column);
		moveTo(pen, row, column);
		const code = text.charCodeAt(0);
		if (text.length === 1 && code < 0x2000) {
			putCell(pen, text, style, widthCells, columns);
			continue;
		}
		putCell(pen, ' '.repeat(widthCells), style, widthCells, columns);
		moveTo(pen, row, column);
		putCell(pen, text, style, widthCells, columns);
		pen.column = -1;
		pen.row = -1;
	}
	if (wanted.end < columns) {
		moveTo(pen, row, wanted.end);
		eraseToEnd(pen);
	}
}

function firstDifference(shown: GridLine, wanted: GridLine): number {
	const limit = Math.max(shown.end, wanted.end);
	for (let column = 0; column < limit; column++) {
		if (!sameCell(shown, wanted, column)) {
			return column;
		}
	}
	return -1;
}

function sameCell(a: GridLine, b: GridLine, column: number): boolean {
	const style = b.styles[column];
	// Nearly every cell is settled here: the same interned style, and text that is there on both lines.
	if (style !== undefined && a.styles[column] === style) {
		return a.texts[column] === b.texts[column];
	}
	return textAt(a, column) === textAt(b, column) && sameStyle(styleAt(a, column), styleAt(b, column));
}

function textAt(line: GridLine, column: number): string {
	return line.texts[column] ?? ' ';
}

function styleAt(line: GridLine, column: number): CellStyle {
	return line.styles[column] ?? DEFAULT_STYLE;
}

function widthAt(line: GridLine, column: number): number {
	let width = 1;
	while (line.texts[column + width] === '') {
		width++;
	}
	return width;
}
