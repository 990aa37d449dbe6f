import type { ActionsEvent } from './slices/actions.ts';
import type { ConnectionEvent } from './slices/connection.ts';
import type { EntryEvent } from './slices/entry.ts';
import type { ForwardsEvent } from './slices/forwards.ts';
import type { InspectEvent } from './slices/inspect.ts';
import type { InventoryEvent } from './slices/inventory.ts';
import type { ListsEvent } from './slices/lists.ts';
import type { LogsEvent } from './slices/logs/logs-events.ts';
import type { NodeEvent } from './slices/node.ts';
import type { NoticesEvent } from './slices/notices.ts';
import type { OverlaysEvent } from './slices/overlays.ts';
import type { PullsEvent } from './slices/pulls.ts';
import type { ReadOnly, ReadOnlyEvent } from './slices/read-only.ts';
import type { ScreenEvent } from './slices/screen.ts';
import type { ShellEvent } from './slices/shell.ts';
import type { StatsEvent } from './slices/stats.ts';

/** Time, and what concerns no single slice. */
export type CoreEvent =
	| { readonly kind: 'ticked'; readonly nowMs: number }
	| { readonly kind: 'readOnlyChanged'; readonly readOnly: ReadOnly }
	| ReadOnlyEvent;

/** Events by the slice that answers them. */
export type SliceEvents = {
	readonly core: CoreEvent;
	readonly screen: ScreenEvent;
	readonly connection: ConnectionEvent;
	readonly node: NodeEvent;
	readonly inventory: InventoryEvent;
	readonly stats: StatsEvent;
	readonly lists: ListsEvent;
	readonly overlays: OverlaysEvent;
	readonly entry: EntryEvent;
	readonly notices: NoticesEvent;
	readonly logs: LogsEvent;
	readonly inspect: InspectEvent;
	readonly actions: ActionsEvent;
	readonly pulls: PullsEvent;
	readonly shell: ShellEvent;
	readonly forwards: ForwardsEvent;
};

/** Everything that can happen, named in the past tense and tagged with the slice that answers it. */
export type UiEvent = {
	readonly [Slice in keyof SliceEvents]: { readonly slice: Slice; readonly event: SliceEvents[Slice] };
}[keyof SliceEvents];

/** Tells the store that something happened. */
export type Dispatch = <Slice extends keyof SliceEvents>(slice: Slice, event: SliceEvents[Slice]) => void;
