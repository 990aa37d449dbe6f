import { placeMovedBy } from '../inspect/scroll.ts';
import { layoutOf, listChromeRows } from '../store/layout.ts';
import type { Store } from '../store/store.ts';
import type { MouseInput } from '../terminal/terminal-input.ts';

/** Rows that one notch of the wheel moves. */
const wheelRows = 3;

/** What the mouse does: a press focuses a pane and selects a row, the wheel moves. It never changes the node. */
export function mouseAction(input: MouseInput, { getSnapshot, dispatch }: Store): void {
	const { screen, lists, overlays } = getSnapshot();
	if (overlays.stack.at(-1) === 'inspect' && input.action.startsWith('wheel')) {
		const place = placeMovedBy(getSnapshot(), input.action === 'wheelDown' ? wheelRows : -wheelRows);
		if (place) dispatch('inspect', { kind: 'inspectPlaced', place });
	}
	if (overlays.stack.length > 0) return;
	const box = layoutOf(screen).boxes.find(
		({ row, column, rows, columns }) =>
			input.row >= row && input.row < row + rows && input.column >= column && input.column < column + columns,
	);
	if (!box) return;
	const { pane } = box;
	if (input.action === 'press' && input.button === 0) {
		dispatch('screen', { kind: 'paneFocused', pane });
		const line = input.row - box.row - listChromeRows(box);
		if (pane !== 'logs' && line >= 0) {
			dispatch('lists', { kind: 'cursorPlaced', list: pane, index: lists[pane].offset + line });
		}
	} else if (input.action === 'wheelDown' || input.action === 'wheelUp') {
		const delta = input.action === 'wheelDown' ? wheelRows : -wheelRows;
		if (pane === 'logs') dispatch('logs', { kind: 'logScrolled', rows: delta });
		else dispatch('lists', { kind: 'cursorMoved', list: pane, delta });
	}
}
