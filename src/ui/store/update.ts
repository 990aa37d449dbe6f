/** The whole behaviour of the state: (state, event) → state, pure. Slices do their own part. */

import { settleLists, updateCursor } from './cursor.ts';
import type { CoreEvent, UiEvent } from './events.ts';
import { heldIds } from './selectors.ts';
import { updateActions } from './slices/actions.ts';
import { updateConnection } from './slices/connection.ts';
import { updateEntry } from './slices/entry.ts';
import { updateForwards } from './slices/forwards.ts';
import { updateInspect } from './slices/inspect.ts';
import { releaseDeparted, updateInventory } from './slices/inventory.ts';
import { updateLists } from './slices/lists.ts';
import { logGeometry } from './slices/logs/geometry.ts';
import { keepCursorInView } from './slices/logs/moves.ts';
import { updateLogs } from './slices/logs.ts';
import { updateNode } from './slices/node.ts';
import { expireNotices, updateNotices } from './slices/notices.ts';
import { updateOverlays } from './slices/overlays.ts';
import { updatePulls } from './slices/pulls.ts';
import { expireLift, updateReadOnly } from './slices/read-only.ts';
import { updateScreen } from './slices/screen.ts';
import { updateShell } from './slices/shell.ts';
import { updateStats } from './slices/stats.ts';
import type { UiState } from './state.ts';

/** A pane of another size still shows the line that the log's cursor is on. */
function keepLogInView(state: UiState): UiState {
	const logs = keepCursorInView(state.logs, logGeometry(state));
	return logs === state.logs ? state : { ...state, logs };
}

function updateCore(state: UiState, event: CoreEvent): UiState {
	switch (event.kind) {
		case 'ticked': {
			const { nowMs } = event;
			const readOnly = expireLift(state.readOnly, nowMs);
			return { ...state, nowMs, readOnly, notices: expireNotices(state.notices, nowMs) };
		}
		case 'readOnlyChanged':
			return { ...state, readOnly: event.readOnly };
		default:
			return { ...state, readOnly: updateReadOnly(state.readOnly, event, state.nowMs) };
	}
}

function applied(state: UiState, { slice, event }: UiEvent): UiState {
	switch (slice) {
		case 'core':
			return updateCore(state, event);
		case 'screen':
			return keepLogInView({ ...state, screen: updateScreen(state.screen, event) });
		case 'connection':
			return { ...state, connection: updateConnection(state.connection, event) };
		case 'node':
			return { ...state, node: updateNode(state.node, event) };
		case 'inventory':
			return { ...state, inventory: updateInventory(state.inventory, event, heldIds(state)) };
		case 'stats':
			return { ...state, stats: updateStats(state.stats, event) };
		case 'lists':
			if (event.kind === 'cursorMoved' || event.kind === 'cursorPlaced' || event.kind === 'rowSelected') {
				return updateCursor(state, event);
			}
			return { ...state, lists: updateLists(state.lists, event) };
		case 'overlays':
			return { ...state, overlays: updateOverlays(state.overlays, event) };
		case 'entry':
			return { ...state, entry: updateEntry(state.entry, event) };
		case 'notices':
			return { ...state, notices: updateNotices(state.notices, event, state.nowMs) };
		case 'logs':
			return { ...state, logs: updateLogs(state.logs, event, logGeometry(state)) };
		case 'inspect':
			return { ...state, inspect: updateInspect(state.inspect, event) };
		case 'actions':
			return { ...state, actions: updateActions(state.actions, event) };
		case 'pulls':
			return { ...state, pulls: updatePulls(state.pulls, event) };
		case 'shell':
			return { ...state, shell: updateShell(state.shell, event) };
		case 'forwards':
			return { ...state, forwards: updateForwards(state.forwards, event) };
	}
}

/** Applies one event, then keeps every selection on its object and every view where it was. */
export function update(state: UiState, event: UiEvent): UiState {
	const next = applied(state, event);
	if (next.inventory === state.inventory && next.stats === state.stats && next.lists === state.lists) {
		return next.screen === state.screen ? next : settleLists(state, next);
	}
	const settled = settleLists(state, next);
	const released = releaseDeparted(settled.inventory, heldIds(settled));
	return released === settled.inventory ? settled : settleLists(settled, { ...settled, inventory: released });
}
