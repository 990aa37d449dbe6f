import type { Dispatch } from '../store/events.ts';
import { focusedList, selectedRow, visibleRows } from '../store/selectors.ts';
import type { InspectSubject } from '../store/slices/inspect.ts';
import type { ListId, UiState } from '../store/state.ts';

/** The object that inspecting from here would show: the one under the cursor; in the log pane, the one it logs. */
export function subjectUnderCursor(state: UiState): InspectSubject | undefined {
	const list = focusedList(state);
	const row = selectedRow(state, list);
	return row && { list, id: row.id, name: row.name };
}

/** Opens the inspect view on an object. */
export function openInspect(dispatch: Dispatch, subject: InspectSubject): void {
	dispatch('inspect', { kind: 'inspectOpened', subject });
	dispatch('overlays', { kind: 'overlayOpened', overlay: 'inspect' });
}

/** The object `step` rows away in the list that the inspected one stands in; undefined beyond its ends. */
export function neighbourOf(
	state: UiState,
	step: number,
): { readonly list: ListId; readonly id: string; readonly name: string } | undefined {
	const subject = state.inspect?.subject;
	if (!subject) return undefined;
	const rows = visibleRows(state, subject.list);
	const index = rows.findIndex(({ row }) => row.id === subject.id);
	const row = index < 0 ? undefined : rows[index + step]?.row;
	return row && { list: subject.list, id: row.id, name: row.name };
}
