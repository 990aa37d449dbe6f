/** Scrolling as pure arithmetic over entries of different heights; tops are (entry, row of it). */
import type { LogTop } from './logs-state.ts';

/** Entries by number and the rows each takes (at least 1). */
export type Heights = { readonly count: number; readonly rowsOf: (index: number) => number };

const first: LogTop = { index: 0, row: 0 };

/** The top at which the last row of the last entry is the last row of the pane; the first row when all fit. */
export function endTop({ count, rowsOf }: Heights, rows: number): LogTop {
	let left = rows;
	for (let index = count - 1; index >= 0; index--) {
		const height = rowsOf(index);
		if (height >= left) return { index, row: height - left };
		left -= height;
	}
	return first;
}

function isAfter(a: LogTop, b: LogTop): boolean {
	return a.index > b.index || (a.index === b.index && a.row > b.row);
}

/** A top brought back into what exists, for a pane of that many rows. */
export function clampTop(top: LogTop, heights: Heights, rows: number): LogTop {
	if (heights.count === 0) return first;
	const last = endTop(heights, rows);
	if (top.index >= heights.count) return last;
	const wanted = { index: top.index, row: Math.min(top.row, heights.rowsOf(top.index) - 1) };
	return isAfter(wanted, last) ? last : wanted;
}

/** Moves a top by rows, as far as there are any. */
export function moveTop(top: LogTop, delta: number, heights: Heights, rows: number): LogTop {
	let { index, row } = top;
	let left = delta;
	while (left < 0) {
		if (row >= -left) return { index, row: row + left };
		left += row;
		row = 0;
		if (index === 0) return first;
		index--;
		row = heights.rowsOf(index);
	}
	while (left > 0 && index < heights.count) {
		const below = heights.rowsOf(index) - row;
		if (left < below) return clampTop({ index, row: row + left }, heights, rows);
		left -= below;
		index++;
		row = 0;
	}
	return clampTop({ index, row }, heights, rows);
}

/** Rows from `top` down to the first row of an entry; negative when it begins above. */
export function rowsTo(top: LogTop, index: number, heights: Heights): number {
	let sum = -top.row;
	for (let at = top.index; at < index; at++) sum += heights.rowsOf(at);
	for (let at = index; at < top.index; at++) sum -= heights.rowsOf(at);
	return sum;
}

/** The entry on a row of the pane, counted from 0; the last one when the row is blank. */
export function entryAt(top: LogTop, row: number, heights: Heights): number {
	let left = row + top.row;
	for (let index = top.index; index < heights.count; index++) {
		left -= heights.rowsOf(index);
		if (left < 0) return index;
	}
	return Math.max(0, heights.count - 1);
}

/** The least scroll that brings an entry wholly into the pane, or its beginning when it is taller. */
export function reveal(top: LogTop, index: number, heights: Heights, rows: number): LogTop {
	const above = rowsTo(top, index, heights);
	if (above < 0) return clampTop({ index, row: 0 }, heights, rows);
	const surplus = above + heights.rowsOf(index) - rows;
	if (surplus <= 0) return clampTop(top, heights, rows);
	return moveTop(top, Math.min(surplus, above), heights, rows);
}
