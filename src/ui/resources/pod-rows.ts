import type { PodSandbox } from '../../cri/model.ts';
import { memoized } from '../store/memo.ts';
import type { InventoryState } from '../store/slices/inventory.ts';
import type { UiState } from '../store/state.ts';
import { containerRows } from './container-rows.ts';
import { podCondition } from './health.ts';
import { type ContainerRow, compareText, type PodRow } from './rows.ts';

/** CPU of a pod over time, for the rows on screen only: for thousands of pods it would cost a frame. */
export function podCpuHistory(pod: PodRow): readonly number[] {
	const histories = pod.containers
		.filter((row) => !row.superseded && row.container.state === 'running')
		.map((row) => row.usage?.cpuHistory ?? [])
		.filter((history) => history.length > 0);
	const length = Math.max(0, ...histories.map((history) => history.length));
	return Array.from({ length }, (_, index) =>
		histories.reduce((sum, history) => sum + (history[history.length - length + index] ?? 0), 0),
	);
}

function sumOf(values: readonly (number | undefined)[]): number | undefined {
	const known = values.filter((value): value is number => value !== undefined);
	return known.length > 0 ? known.reduce((sum, value) => sum + value, 0) : undefined;
}

/** Pods by namespace and name, newest sandbox first, each with whether a newer one took its place. */
const orderedPods = memoized(
	(inventory: Pick<InventoryState, 'pods'>) => [inventory.pods] as const,
	(pods) => {
		const newest = new Map<string, PodSandbox>();
		const keyOf = ({ metadata }: PodSandbox): string =>
			`${metadata.uid}/${metadata.name}/${metadata.namespace}`;
		for (const pod of pods) {
			const other = newest.get(keyOf(pod));
			if (!other || pod.metadata.attempt >= other.metadata.attempt) newest.set(keyOf(pod), pod);
		}
		const current = new Set([...newest.values()].map((pod) => pod.id));
		return pods
			.map((pod) => ({ pod, replaced: !current.has(pod.id) }))
			.sort(
				({ pod: left }, { pod: right }) =>
					compareText(left.metadata.namespace, right.metadata.namespace) ||
					compareText(left.metadata.name, right.metadata.name) ||
					right.metadata.attempt - left.metadata.attempt ||
					compareText(left.id, right.id),
			);
	},
);

/** As `containerRowCache`; `replaced` is what made the row beside its fields. */
const podRowCache = new WeakMap<PodSandbox, { readonly row: PodRow; readonly replaced: boolean }>();

function sameItems<Item>(left: readonly Item[], right: readonly Item[]): boolean {
	return left.length === right.length && left.every((item, index) => item === right[index]);
}

const textKeysOf = (rows: readonly ContainerRow[]): readonly object[] => rows.map(({ textKey }) => textKey);

function podRowsOf(
	inventory: Pick<InventoryState, 'pods' | 'podFacts' | 'departed'>,
	containersKnown: boolean,
	containers: readonly ContainerRow[],
): readonly PodRow[] {
	const byPod = Map.groupBy(containers, (row) => row.container.podSandboxId);
	return orderedPods(inventory).map(({ pod, replaced }): PodRow => {
		const own = byPod.get(pod.id) ?? [];
		const facts = inventory.podFacts.get(pod.id);
		const departed = inventory.departed.has(pod.id);
		const before = podRowCache.get(pod);
		if (
			before?.replaced === replaced &&
			before.row.containersKnown === containersKnown &&
			before.row.facts === facts &&
			before.row.departed === departed &&
			sameItems(before.row.containers, own)
		) {
			return before.row;
		}
		const newest = own.filter((row) => !row.superseded);
		const running = newest.filter((row) => row.container.state === 'running');
		const finished = newest.filter(
			(row) => row.container.state === 'exited' && row.facts?.exitCode === 0 && running.length > 0,
		);
		const { health, text } = podCondition(pod, newest, replaced, departed, containersKnown);
		const row: PodRow = {
			kind: 'pod',
			id: pod.id,
			name: pod.metadata.name,
			pod,
			facts,
			containers: own,
			containersKnown,
			readyCount: running.length,
			totalCount: newest.length - finished.length,
			restarts: newest.reduce((sum, { container }) => sum + container.metadata.attempt, 0),
			cpuMillicores: sumOf(running.map(({ usage }) => usage?.cpuMillicores)),
			memoryBytes: sumOf(running.map(({ usage }) => usage?.memoryBytes)),
			health,
			stateText: text,
			departed,
			textKey:
				before && before.row.facts === facts && sameItems(textKeysOf(before.row.containers), textKeysOf(own))
					? before.row.textKey
					: {},
		};
		podRowCache.set(pod, { row, replaced });
		return row;
	});
}

/** All pods by namespace and name, newest sandbox first. */
export const podRows = memoized(
	(state: UiState) => {
		const { pods, podFacts, departed, refreshedAtMs } = state.inventory;
		return [pods, podFacts, departed, refreshedAtMs.containers !== undefined, containerRows(state)] as const;
	},
	(pods, podFacts, departed, containersKnown, containers) =>
		podRowsOf({ pods, podFacts, departed }, containersKnown, containers),
);
