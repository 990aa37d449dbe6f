import type { ListId } from '../state.ts';

/** How one list is looked at. Selection is an id; the index is only where to go when the object is left. */
export type ListState = {
	readonly selectedId: string | undefined;
	readonly selectedIndex: number;
	/** Index of the first row on screen. */
	readonly offset: number;
	readonly filter: string;
	readonly unhealthyOnly: boolean;
	/** undefined: the resource's own order, or best match first while filtering. */
	readonly sort: { readonly column: string; readonly descending: boolean } | undefined;
	readonly hiddenColumns: readonly string[];
	/** From the configuration: no other columns are shown; undefined shows all. */
	readonly shownColumns: readonly string[] | undefined;
	/** Column ids in the order wanted; columns not named follow in their own order. */
	readonly columnOrder: readonly string[];
	readonly marked: ReadonlySet<string>;
	/** Where a range mark began; undefined outside range marking. */
	readonly rangeAnchorId: string | undefined;
};

/** All lists, and whether the containers pane shows every pod's containers or the selected pod's. */
export type ListsState = Readonly<Record<ListId, ListState>> & { readonly allPods: boolean };

/** Events that need the rows on screen are resolved by update.ts, which knows the selectors. */
export type ListsEvent =
	| { readonly kind: 'cursorMoved'; readonly list: ListId; readonly delta: number }
	| { readonly kind: 'cursorPlaced'; readonly list: ListId; readonly index: number }
	| { readonly kind: 'rowSelected'; readonly list: ListId; readonly id: string }
	| { readonly kind: 'filterChanged'; readonly list: ListId; readonly filter: string }
	| { readonly kind: 'columnsConfigured'; readonly columns: ReadonlyMap<string, readonly string[]> }
	| { readonly kind: 'unhealthyToggled' }
	| { readonly kind: 'allPodsToggled' }
	| { readonly kind: 'sorted'; readonly list: ListId; readonly column: string }
	| { readonly kind: 'sortReversed'; readonly list: ListId }
	| { readonly kind: 'columnToggled'; readonly list: ListId; readonly column: string }
	| {
			readonly kind: 'columnMoved';
			readonly list: ListId;
			readonly column: string;
			readonly delta: number;
			readonly order: readonly string[];
	  }
	| { readonly kind: 'markToggled'; readonly list: ListId; readonly id: string }
	| { readonly kind: 'rangeToggled'; readonly list: ListId; readonly id: string }
	| { readonly kind: 'marksAdded'; readonly list: ListId; readonly ids: readonly string[] }
	| { readonly kind: 'marksCleared'; readonly list: ListId };

const initialList: ListState = {
	selectedId: undefined,
	selectedIndex: 0,
	offset: 0,
	filter: '',
	unhealthyOnly: false,
	sort: undefined,
	hiddenColumns: [],
	shownColumns: undefined,
	columnOrder: [],
	marked: new Set(),
	rangeAnchorId: undefined,
};

/** All lists unfiltered, containers of every pod shown until a pod is chosen. */
export const initialLists: ListsState = {
	pods: initialList,
	containers: initialList,
	images: initialList,
	allPods: false,
};

function changed(state: ListsState, list: ListId, change: Partial<ListState>): ListsState {
	return { ...state, [list]: { ...state[list], ...change } };
}

/** Applies the events that need no rows; cursor events are handled where the rows are known. */
export function updateLists(
	state: ListsState,
	event: Exclude<ListsEvent, { kind: 'cursorMoved' | 'cursorPlaced' | 'rowSelected' }>,
): ListsState {
	switch (event.kind) {
		case 'filterChanged':
			return changed(state, event.list, { filter: event.filter });
		case 'columnsConfigured': {
			let next = state;
			for (const list of ['pods', 'containers', 'images'] as const) {
				const shown = event.columns.get(list);
				if (shown) next = changed(next, list, { columnOrder: shown, shownColumns: shown });
			}
			return next;
		}
		case 'unhealthyToggled': {
			const unhealthyOnly = !state.pods.unhealthyOnly;
			return {
				...state,
				pods: { ...state.pods, unhealthyOnly },
				containers: { ...state.containers, unhealthyOnly },
			};
		}
		case 'allPodsToggled':
			return { ...state, allPods: !state.allPods };
		case 'sorted': {
			const { sort } = state[event.list];
			const descending = sort?.column === event.column ? !sort.descending : false;
			return changed(state, event.list, { sort: { column: event.column, descending } });
		}
		case 'sortReversed': {
			const { sort } = state[event.list];
			return sort ? changed(state, event.list, { sort: { ...sort, descending: !sort.descending } }) : state;
		}
		case 'columnToggled': {
			const { hiddenColumns, shownColumns } = state[event.list];
			if (shownColumns) {
				return changed(state, event.list, {
					shownColumns: shownColumns.includes(event.column)
						? shownColumns.filter((column) => column !== event.column)
						: [...shownColumns, event.column],
				});
			}
			return changed(state, event.list, {
				hiddenColumns: hiddenColumns.includes(event.column)
					? hiddenColumns.filter((column) => column !== event.column)
					: [...hiddenColumns, event.column],
			});
		}
		case 'columnMoved': {
			const order = [...event.order];
			const from = order.indexOf(event.column);
			const to = from + event.delta;
			if (from < 0 || to < 0 || to >= order.length) return state;
			order.splice(from, 1);
			order.splice(to, 0, event.column);
			return changed(state, event.list, { columnOrder: order });
		}
		case 'markToggled': {
			const marked = new Set(state[event.list].marked);
			if (!marked.delete(event.id)) marked.add(event.id);
			return changed(state, event.list, { marked });
		}
		case 'rangeToggled': {
			const { rangeAnchorId } = state[event.list];
			return changed(state, event.list, {
				rangeAnchorId: rangeAnchorId === undefined ? event.id : undefined,
			});
		}
		case 'marksAdded':
			return changed(state, event.list, {
				marked: new Set([...state[event.list].marked, ...event.ids]),
			});
		case 'marksCleared':
			return changed(state, event.list, { marked: new Set(), rangeAnchorId: undefined });
	}
}
