import { initialActions } from './slices/actions.ts';
import { initialConnection } from './slices/connection.ts';
import { initialForwards } from './slices/forwards.ts';
import { initialInventory } from './slices/inventory.ts';
import { initialLists } from './slices/lists.ts';
import { initialLogs } from './slices/logs/logs-state.ts';
import { initialNode } from './slices/node.ts';
import { initialNotices } from './slices/notices.ts';
import { initialOverlays } from './slices/overlays.ts';
import { initialPulls } from './slices/pulls.ts';
import type { ReadOnly } from './slices/read-only.ts';
import { initialScreen } from './slices/screen.ts';
import { initialShell } from './slices/shell.ts';
import { initialStats } from './slices/stats.ts';
import type { UiState } from './state.ts';

/** The state before anything is known: enough for a first frame that is already the real screen. */
export function initialState(options: {
	readonly columns: number;
	readonly rows: number;
	readonly hostname: string;
	readonly nowMs: number;
	readonly readOnly: ReadOnly;
}): UiState {
	return {
		nowMs: options.nowMs,
		readOnly: options.readOnly,
		screen: initialScreen(options),
		connection: initialConnection,
		node: initialNode(options.hostname),
		inventory: initialInventory,
		stats: initialStats,
		lists: initialLists,
		overlays: initialOverlays,
		entry: undefined,
		notices: initialNotices,
		logs: initialLogs,
		inspect: undefined,
		actions: initialActions,
		pulls: initialPulls,
		shell: initialShell,
		forwards: initialForwards,
	};
}
