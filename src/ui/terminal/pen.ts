import { type CellStyle, DEFAULT_STYLE, isBlankInvisible, sameStyle, sgrTransition } from './text-style.ts';

/**
 * Where the terminal's cursor stands and how it writes, and the bytes gathered so far. A plain record, so that
 * a row can be tried out on a copy and the shorter of two ways kept.
 */
export type Pen = {
	out: string;
	/** `-1`: not known, as behind the last column. */
	column: number;
	/** `-1`: not known. */
	row: number;
	/** `undefined`: not known. */
	style: CellStyle | undefined;
};

/** A pen of which nothing is known yet. */
export function createPen(): Pen {
	return { out: '', column: -1, row: -1, style: undefined };
}

/** Moves the cursor in as few bytes as can be. Only moves that a vt100 knows, so no terminal is left out. */
export function moveTo(pen: Pen, row: number, column: number): void {
	if (pen.row === row && pen.column === column) {
		return;
	}
	const absolute = absoluteMove(row, column);
	const relative = relativeMove(pen, row, column);
	pen.out += relative !== undefined && relative.length < absolute.length ? relative : absolute;
	pen.row = row;
	pen.column = column;
}

function absoluteMove(row: number, column: number): string {
	if (column > 0) return `\x1b[${row + 1};${column + 1}H`;
	return row > 0 ? `\x1b[${row + 1}H` : '\x1b[H';
}

function relativeMove(pen: Pen, row: number, column: number): string | undefined {
	if (pen.row < 0) {
		return undefined;
	}
	if (pen.row !== row) {
		const down = row - pen.row;
		// A line feed never happens on the last row here, so it never scrolls.
		return down > 0 && down <= 4 ? `\r${'\n'.repeat(down)}${forward(column)}` : undefined;
	}
	const viaStart = `\r${forward(column)}`;
	if (pen.column < 0) {
		return viaStart;
	}
	const distance = column - pen.column;
	const direct = distance > 0 ? forward(distance) : backward(-distance);
	return direct.length <= viaStart.length ? direct : viaStart;
}

/** The sequence that steps right; empty for no step. */
export function forward(cells: number): string {
	return cells === 0 ? '' : cells === 1 ? '\x1b[C' : `\x1b[${cells}C`;
}

function backward(cells: number): string {
	return cells <= 3 ? '\b'.repeat(cells) : `\x1b[${cells}D`;
}

/** Changes how the pen writes. */
export function setStyle(pen: Pen, style: CellStyle): void {
	pen.out += sgrTransition(pen.style, style);
	pen.style = style;
}

/** Erases from the cursor to the end of the line, in the terminal's own background. */
export function eraseToEnd(pen: Pen): void {
	// Some terminals erase with the pen's colours, some with the default: only a plain pen is the same to all.
	if (pen.style === undefined || !isBlankInvisible(pen.style)) {
		setStyle(pen, DEFAULT_STYLE);
	}
	pen.out += '\x1b[K';
}

/** Writes one character that takes `widthCells` cells where the cursor stands. */
export function putCell(pen: Pen, text: string, style: CellStyle, widthCells: number, columns: number): void {
	if (!canWrite(pen, text, style)) {
		setStyle(pen, style);
	}
	pen.out += text;
	pen.column += widthCells;
	if (pen.column >= columns) {
		// Terminals differ about where the cursor is now: on the last cell, or waiting to wrap.
		pen.column = -1;
	}
}

/** Whether the pen would write this cell rightly as it is: a blank that shows nothing needs no colour. */
export function canWrite(pen: Pen, text: string, style: CellStyle): boolean {
	if (pen.style === undefined) {
		return false;
	}
	return (
		sameStyle(pen.style, style) || (text === ' ' && isBlankInvisible(style) && isBlankInvisible(pen.style))
	);
}
