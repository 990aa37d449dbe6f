/**
 * The one state tree of the inspector: readonly, replaced by `update`, read through selectors.
 * Each slice has its type beside its update function in slices/; this file only composes them.
 */
import type { ActionsState } from './slices/actions.ts';
import type { ConnectionState } from './slices/connection.ts';
import type { EntryState } from './slices/entry.ts';
import type { ForwardsState } from './slices/forwards.ts';
import type { InspectState } from './slices/inspect.ts';
import type { InventoryState } from './slices/inventory.ts';
import type { ListsState } from './slices/lists.ts';
import type { LogsState } from './slices/logs/logs-state.ts';
import type { NodeState } from './slices/node.ts';
import type { NoticesState } from './slices/notices.ts';
import type { OverlaysState } from './slices/overlays.ts';
import type { PullsState } from './slices/pulls.ts';
import type { ReadOnly } from './slices/read-only.ts';
import type { ScreenState } from './slices/screen.ts';
import type { ShellState } from './slices/shell.ts';
import type { StatsState } from './slices/stats.ts';

/** The panes of the main screen, in the order of their number keys. */
export const paneIds = ['pods', 'containers', 'images', 'logs'] as const;
export type PaneId = (typeof paneIds)[number];

/** The panes that are lists of objects. */
export type ListId = Exclude<PaneId, 'logs'>;

/** Everything the screen shows is derived from this. */
export type UiState = {
	/** Milliseconds since the epoch as of the newest `ticked`; the only clock that views know. */
	readonly nowMs: number;
	readonly readOnly: ReadOnly;
	readonly screen: ScreenState;
	readonly connection: ConnectionState;
	readonly node: NodeState;
	readonly inventory: InventoryState;
	readonly stats: StatsState;
	readonly lists: ListsState;
	readonly overlays: OverlaysState;
	readonly entry: EntryState;
	readonly notices: NoticesState;
	readonly logs: LogsState;
	readonly inspect: InspectState;
	readonly actions: ActionsState;
	readonly pulls: PullsState;
	readonly shell: ShellState;
	readonly forwards: ForwardsState;
};
