/** Answers derived from the state; each remembers its newest result by the identity of what it reads. */

import { containerRows } from '../resources/container-rows.ts';
import { containersResource } from '../resources/containers.ts';
import { imageRows } from '../resources/image-rows.ts';
import { imagesResource } from '../resources/images.ts';
import { podRows } from '../resources/pod-rows.ts';
import { podsResource } from '../resources/pods.ts';
import type { Column, Resource, TextRange } from '../resources/resource.ts';
import type { ContainerRow, ImageRow, PodRow, Row } from '../resources/rows.ts';
import { createFuzzySearch, type FuzzySearch } from '../search/fuzzy.ts';
import { memoized } from './memo.ts';
import type { ListState } from './slices/lists.ts';
import type { ListId, UiState } from './state.ts';

/** A row that passed the filter, with what the filter matched by search field. */
export type VisibleRow = {
	readonly row: Row;
	/** By search field; worked out when first asked, so only for rows on screen. */
	readonly rangesOf: (field: string) => readonly TextRange[];
};

const noRanges: VisibleRow['rangesOf'] = () => [];

/** One search a list: it remembers texts and narrows as one types. */
const keyOf = ({ textKey }: Row): object => textKey;
const searches = {
	pods: createFuzzySearch<PodRow>({ fieldsOf: (row) => podsResource.searchFields(row), keyOf }),
	containers: createFuzzySearch<ContainerRow>({
		fieldsOf: (row) => containersResource.searchFields(row),
		keyOf,
	}),
	images: createFuzzySearch<ImageRow>({ fieldsOf: (row) => imagesResource.searchFields(row), keyOf }),
};

function compareKeys(left: string | number | bigint, right: string | number | bigint): number {
	return left < right ? -1 : left > right ? 1 : 0;
}

function sorted<R extends Row>(
	rows: readonly VisibleRow[],
	column: Column<R>,
	descending: boolean,
): readonly VisibleRow[] {
	const flip = descending !== (column.biggestFirst ?? false) ? -1 : 1;
	const keyed = rows.map((visible, index) => ({ visible, index, key: column.sortKey(visible.row as R) }));
	keyed.sort((left, right) => {
		if (left.key === undefined || right.key === undefined) {
			return left.key === right.key ? left.index - right.index : left.key === undefined ? 1 : -1;
		}
		return compareKeys(left.key, right.key) * flip || left.index - right.index;
	});
	return keyed.map(({ visible }) => visible);
}

function isUnhealthy({ health }: Row): boolean {
	return health !== 'ok' && health !== 'done';
}

/** How many of the pods that are still there are unhealthy, whatever the list is narrowed to. */
export const unhealthyPods = memoized(
	(state: UiState) => [podRows(state)] as const,
	(rows: readonly PodRow[]) => rows.filter((row) => isUnhealthy(row) && !row.departed).length,
);

function narrowed<R extends Row>(
	resource: Resource<R>,
	search: FuzzySearch<R>,
	rows: readonly R[],
	list: Pick<ListState, 'filter' | 'unhealthyOnly' | 'sort'>,
): readonly VisibleRow[] {
	const healthy = list.unhealthyOnly ? rows.filter(isUnhealthy) : rows;
	const filter = list.filter.trim();
	const visible: readonly VisibleRow[] =
		filter === ''
			? healthy.map((row) => ({ row, rangesOf: noRanges }))
			: search.search(healthy, filter).map((hit) => ({
					row: hit.row,
					rangesOf: (field) => hit.highlights.get(field) ?? [],
				}));
	if (!list.sort) return visible;
	const column = resource.columns.find(({ id }) => id === list.sort?.column);
	return column ? sorted(visible, column, list.sort.descending) : visible;
}

/**
 * Makes the texts of all rows ready for the filter, for at most so many milliseconds.
 * @returns false while there is more to do.
 */
export function prepareSearch(state: UiState, budgetMs: number): boolean {
	return (
		searches.pods.prepareFor(podRows(state), budgetMs) &&
		searches.containers.prepareFor(containerRows(state), budgetMs)
	);
}

/** The part of a list's state that decides which rows are shown: the cursor is not among it. */
function viewOf(list: ListState) {
	return [list.filter, list.unhealthyOnly, list.sort] as const;
}

const visiblePods = memoized(
	(state: UiState) => [podRows(state), ...viewOf(state.lists.pods)] as const,
	(rows: readonly PodRow[], filter, unhealthyOnly, sort) =>
		narrowed(podsResource, searches.pods, rows, { filter, unhealthyOnly, sort }),
);

/** The pod that the containers pane is narrowed to; undefined while it shows all. */
export function narrowingPodId(state: UiState): string | undefined {
	return state.lists.allPods ? undefined : state.lists.pods.selectedId;
}

const containersOfPod = memoized(
	(state: UiState) => [containerRows(state), narrowingPodId(state)] as const,
	(rows: readonly ContainerRow[], podId) =>
		podId === undefined ? rows : rows.filter((row) => row.container.podSandboxId === podId),
);

const visibleContainers = memoized(
	(state: UiState) => [containersOfPod(state), ...viewOf(state.lists.containers)] as const,
	(rows: readonly ContainerRow[], filter, unhealthyOnly, sort) =>
		narrowed(containersResource, searches.containers, rows, { filter, unhealthyOnly, sort }),
);

const visibleImages = memoized(
	(state: UiState) => [imageRows(state), ...viewOf(state.lists.images)] as const,
	(rows: readonly ImageRow[], filter, unhealthyOnly, sort) =>
		narrowed(imagesResource, searches.images, rows, { filter, unhealthyOnly, sort }),
);

/** Rows of a list as shown: narrowed, filtered, sorted. */
export function visibleRows(state: UiState, list: ListId): readonly VisibleRow[] {
	switch (list) {
		case 'pods':
			return visiblePods(state);
		case 'containers':
			return visibleContainers(state);
		case 'images':
			return visibleImages(state);
	}
}

/** The list that commands for lists act on: the focused one; from the log pane, the containers it belongs to. */
export function focusedList(state: UiState): ListId {
	return state.screen.focus === 'logs' ? 'containers' : state.screen.focus;
}

/** How many rows a list has before filtering (containers: of the chosen pod). */
export function totalRows(state: UiState, list: ListId): number {
	switch (list) {
		case 'pods':
			return podRows(state).length;
		case 'containers':
			return containersOfPod(state).length;
		case 'images':
			return imageRows(state).length;
	}
}

/** The row under a list's cursor. */
export function selectedRow(state: UiState, list: 'pods'): PodRow | undefined;
export function selectedRow(state: UiState, list: 'containers'): ContainerRow | undefined;
export function selectedRow(state: UiState, list: 'images'): ImageRow | undefined;
export function selectedRow(state: UiState, list: ListId): Row | undefined;
export function selectedRow(state: UiState, list: ListId): Row | undefined {
	const { selectedId, selectedIndex } = state.lists[list];
	const rows = visibleRows(state, list);
	const at = rows[selectedIndex]?.row;
	return at?.id === selectedId ? at : rows.find(({ row }) => row.id === selectedId)?.row;
}

/** What a bulk action acts on: the marked rows, or the one under the cursor where none is marked. */
export function chosenRows(state: UiState, list: ListId): readonly Row[] {
	const { marked } = state.lists[list];
	if (marked.size > 0) {
		return visibleRows(state, list).flatMap(({ row }) => (marked.has(row.id) ? [row] : []));
	}
	const row = selectedRow(state, list);
	return row ? [row] : [];
}

/** Ids that must stay listed although the runtime dropped them: selected, marked, inspected, tailed. */
export function heldIds(state: UiState): ReadonlySet<string> {
	const held = new Set<string>();
	for (const list of ['pods', 'containers', 'images'] as const) {
		const { selectedId, marked } = state.lists[list];
		if (selectedId !== undefined) held.add(selectedId);
		for (const id of marked) held.add(id);
	}
	if (state.inspect) held.add(state.inspect.subject.id);
	if (state.logs.target) held.add(state.logs.target.id);
	return held;
}
