/** Where the cursor of each list is and what of the list is on screen, kept by object and not by row. */

import { boxOf, listChromeRows } from './layout.ts';
import { visibleRows } from './selectors.ts';
import type { ListState, ListsEvent } from './slices/lists.ts';
import type { ListId, UiState } from './state.ts';

const listIds: readonly ListId[] = ['pods', 'containers', 'images'];

/** Rows of objects that a list has on screen. */
export function pageRows(state: UiState, list: ListId): number {
	const box = boxOf(state.screen, list);
	return box ? Math.max(1, box.rows - listChromeRows(box)) : 1;
}

function clampOffset(offset: number, index: number, count: number, page: number): number {
	const shown = Math.min(Math.max(offset, index - page + 1), index);
	return Math.max(0, Math.min(shown, count - page));
}

function placed(state: UiState, list: ListId, wanted: number): UiState {
	const rows = visibleRows(state, list);
	const index = Math.max(0, Math.min(rows.length - 1, wanted));
	const before = state.lists[list];
	const anchor = before.rangeAnchorId;
	const anchorIndex = anchor === undefined ? -1 : rows.findIndex(({ row }) => row.id === anchor);
	const range =
		anchorIndex < 0
			? []
			: rows.slice(Math.min(anchorIndex, index), Math.max(anchorIndex, index) + 1).map(({ row }) => row.id);
	const next: ListState = {
		...before,
		selectedId: rows[index]?.row.id,
		selectedIndex: index,
		offset: clampOffset(before.offset, index, rows.length, pageRows(state, list)),
		marked: range.length > 0 ? new Set([...before.marked, ...range]) : before.marked,
	};
	return { ...state, lists: { ...state.lists, [list]: next } };
}

/** Moves a list's cursor, extending the range mark where one is open. */
export function updateCursor(
	state: UiState,
	event: Extract<ListsEvent, { kind: 'cursorMoved' | 'cursorPlaced' | 'rowSelected' }>,
): UiState {
	switch (event.kind) {
		case 'cursorMoved':
			return placed(state, event.list, state.lists[event.list].selectedIndex + event.delta);
		case 'cursorPlaced':
			return placed(state, event.list, event.index);
		case 'rowSelected': {
			const index = visibleRows(state, event.list).findIndex(({ row }) => row.id === event.id);
			return index < 0 ? state : placed(state, event.list, index);
		}
	}
}

function settled(before: UiState, state: UiState, list: ListId): ListState {
	const current = state.lists[list];
	const rows = visibleRows(state, list);
	const page = pageRows(state, list);
	const found = rows.findIndex(({ row }) => row.id === current.selectedId);
	const previous = before.lists[list];
	const filtering = previous.filter !== current.filter && current.filter !== '';
	// Who types a filter wants the best match, who sorts wants what comes first; otherwise the object is followed.
	const toTop = filtering || (previous.sort !== current.sort && current.sort !== undefined);
	const index = toTop ? 0 : found >= 0 ? found : Math.min(current.selectedIndex, rows.length - 1);
	const selectedIndex = Math.max(0, index);
	const shift = found >= 0 && !toTop ? found - current.selectedIndex : 0;
	const offset = clampOffset(current.offset + shift, selectedIndex, rows.length, page);
	const selectedId = rows[selectedIndex]?.row.id;
	const present = new Set<string>();
	let marked = current.marked;
	if (marked.size > 0) {
		for (const { row } of rows) present.add(row.id);
		if ([...marked].some((id) => !present.has(id))) marked = marked.intersection(present);
	}
	const same =
		selectedIndex === current.selectedIndex &&
		offset === current.offset &&
		selectedId === current.selectedId &&
		marked === current.marked;
	return same ? current : { ...current, selectedIndex, offset, selectedId, marked };
}

/** After any change: each selection follows its object, and the row stays where it was on the screen. */
export function settleLists(before: UiState, state: UiState): UiState {
	let next = state;
	// Containers depend on the selected pod, so pods settle first.
	for (const list of listIds) {
		const list_ = settled(before, next, list);
		if (list_ !== next.lists[list]) next = { ...next, lists: { ...next.lists, [list]: list_ } };
	}
	return next;
}
