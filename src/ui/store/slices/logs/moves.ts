/** Cursor and scrolling: going up lets the end go, coming back to it takes it again. */
import { rowsOf } from './heights.ts';
import type { LogGeometry, LogsState, LogTop } from './logs-state.ts';
import { clampTop, endTop, entryAt, type Heights, moveTop, reveal, rowsTo } from './viewport.ts';

function heightsOf(state: LogsState, geometry: LogGeometry): Heights {
	return { count: state.entries.length, rowsOf: rowsOf(state, geometry) };
}

/** The top row as it is on the screen: measured from the end while following. */
export function shownTop(state: LogsState, geometry: LogGeometry): LogTop {
	const heights = heightsOf(state, geometry);
	return state.following ? endTop(heights, geometry.rows) : clampTop(state.top, heights, geometry.rows);
}

/** Lets the end go; the view stays where it is. */
export function released(state: LogsState, geometry: LogGeometry): LogsState {
	if (!state.following) return state;
	return {
		...state,
		following: false,
		top: shownTop(state, geometry),
		newLines: { count: 0, more: false },
	};
}

/** Takes the end again. */
export function atEndAgain(state: LogsState): LogsState {
	return {
		...state,
		following: true,
		cursor: Math.max(0, state.entries.length - 1),
		newLines: { count: 0, more: false },
	};
}

function settled(state: LogsState, top: LogTop, cursor: number, down: boolean, rows: LogGeometry): LogsState {
	const heights = heightsOf(state, rows);
	const last = endTop(heights, rows.rows);
	const isLast = top.index === last.index && top.row === last.row;
	const next: LogsState = { ...state, top, cursor };
	return down && isLast && state.atEnd && cursor === state.entries.length - 1 ? atEndAgain(next) : next;
}

/** Moves the cursor by lines. A line taller than the pane is scrolled through before it is left. */
export function moveCursor(before: LogsState, lines: number, geometry: LogGeometry): LogsState {
	if (before.entries.length === 0) return before;
	if (lines > 0 && before.following) return before;
	const state = released(before, geometry);
	const heights = heightsOf(state, geometry);
	const top = shownTop(state, geometry);
	if (Math.abs(lines) === 1) {
		const start = rowsTo(top, state.cursor, heights);
		const below = start + heights.rowsOf(state.cursor) - geometry.rows;
		if ((lines > 0 && below > 0) || (lines < 0 && start < 0)) {
			return settled(state, moveTop(top, lines, heights, geometry.rows), state.cursor, lines > 0, geometry);
		}
	}
	const cursor = Math.max(0, Math.min(heights.count - 1, state.cursor + lines));
	let next = reveal(top, cursor, heights, geometry.rows);
	if (lines < 0) {
		// Coming from below one sees the end of a tall line first.
		const height = heights.rowsOf(cursor);
		if (height > geometry.rows && rowsTo(top, cursor, heights) < 0) {
			next = { index: cursor, row: height - geometry.rows };
		}
	}
	return settled(state, next, cursor, lines > 0, geometry);
}

/** Moves the view by rows, the cursor staying on its row of the pane; at an edge the cursor goes to the edge. */
export function scroll(before: LogsState, delta: number, geometry: LogGeometry): LogsState {
	if (before.entries.length === 0 || (delta > 0 && before.following)) return before;
	const state = released(before, geometry);
	const heights = heightsOf(state, geometry);
	const top = shownTop(state, geometry);
	const row = Math.max(0, Math.min(geometry.rows - 1, rowsTo(top, state.cursor, heights)));
	const next = moveTop(top, delta, heights, geometry.rows);
	const stuck = delta !== 0 && next.index === top.index && next.row === top.row;
	let cursor = entryAt(next, row, heights);
	if (stuck) cursor = delta < 0 ? 0 : heights.count - 1;
	return settled(state, next, cursor, delta > 0, geometry);
}

/** Moves by pages: a whole one leaves one row of the last screen in sight. */
export function page(state: LogsState, pages: number, geometry: LogGeometry): LogsState {
	const rows = Math.abs(pages) === 1 ? geometry.rows - 1 : Math.ceil(geometry.rows / 2);
	return scroll(state, Math.sign(pages) * Math.max(1, rows), geometry);
}

/** Moves the view, if need be, so that the cursor's line can be seen: after heights have changed. */
export function keepCursorInView(state: LogsState, geometry: LogGeometry): LogsState {
	if (state.following || state.entries.length === 0) return state;
	const heights = heightsOf(state, geometry);
	const top = clampTop(state.top, heights, geometry.rows);
	const start = rowsTo(top, state.cursor, heights);
	const isVisible = start < geometry.rows && start + heights.rowsOf(state.cursor) > 0;
	const next = isVisible ? top : reveal(top, state.cursor, heights, geometry.rows);
	if (next.index === state.top.index && next.row === state.top.row) return state;
	return { ...state, top: next };
}

/** Puts the cursor on an entry; the view moves only when it is not in sight, and then well into the pane. */
export function chooseEntry(before: LogsState, cursor: number, geometry: LogGeometry): LogsState {
	const state = released(before, geometry);
	const top = shownTop(state, geometry);
	const row = rowsTo(top, cursor, heightsOf(state, geometry));
	const isVisible = row >= 0 && row < geometry.rows;
	return { ...state, cursor, top: isVisible ? top : topAround(state, cursor, geometry) };
}

/** Moves the view by as little as shows the whole of the cursor's line, or its beginning. */
export function revealCursor(state: LogsState, geometry: LogGeometry): LogsState {
	const top = reveal(shownTop(state, geometry), state.cursor, heightsOf(state, geometry), geometry.rows);
	return { ...state, top };
}

/** A top that shows an entry in the middle of the pane, or as far from the edges as there are lines. */
export function topAround(state: LogsState, index: number, geometry: LogGeometry): LogTop {
	const heights = heightsOf(state, geometry);
	return moveTop({ index, row: 0 }, -Math.floor(geometry.rows / 3), heights, geometry.rows);
}
