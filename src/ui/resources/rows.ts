/** Rows of the lists: pods with sums of their containers, containers with facts and usage, images with their users. */
import type { Container, Image, PodSandbox } from '../../cri/model.ts';
import { memoized } from '../store/memo.ts';
import type { InventoryState } from '../store/slices/inventory.ts';
import type { StatsState, UsageSample } from '../store/slices/stats.ts';
import type { UiState } from '../store/state.ts';
import type { ContainerFacts, PodSandboxFacts } from './facts.ts';
import { containerCondition, podCondition } from './health.ts';
import type { BaseRow } from './resource.ts';

export type ContainerRow = BaseRow & {
	readonly kind: 'container';
	readonly container: Container;
	readonly pod: PodSandbox | undefined;
	readonly facts: ContainerFacts | undefined;
	readonly usage: UsageSample | undefined;
	readonly stateText: string;
	/** A later attempt of the same container exists: this one is history. */
	readonly superseded: boolean;
	/** The image as people call it: what was asked for, or a tag of the id that a runtime put in its place. */
	readonly imageName: string;
};

export type PodRow = BaseRow & {
	readonly kind: 'pod';
	readonly pod: PodSandbox;
	readonly facts: PodSandboxFacts | undefined;
	readonly containers: readonly ContainerRow[];
	/** False until the runtime has listed containers: none are known, which is not the same as none. */
	readonly containersKnown: boolean;
	readonly readyCount: number;
	readonly totalCount: number;
	/** Sum of the attempts of the newest containers. */
	readonly restarts: number;
	readonly cpuMillicores: number | undefined;
	readonly memoryBytes: number | undefined;
	readonly cpuHistory: readonly number[];
	readonly stateText: string;
};

export type ImageRow = BaseRow & {
	readonly kind: 'image';
	readonly image: Image;
	readonly usedBy: readonly ContainerRow[];
	readonly containersKnown: boolean;
	/** How many of them run. */
	readonly runningCount: number;
};

/** Any row of any list. */
export type Row = PodRow | ContainerRow | ImageRow;

/** Name a container's pod goes by: its sandbox's metadata, or kubelet's label where the sandbox is gone. */
export function podNameOf(row: ContainerRow): string {
	return row.pod?.metadata.name ?? row.container.labels['io.kubernetes.pod.name'] ?? '';
}

/** Namespace of a container's pod. */
export function namespaceOf(row: ContainerRow): string {
	return row.pod?.metadata.namespace ?? row.container.labels['io.kubernetes.pod.namespace'] ?? '';
}

function newestAttempts(containers: readonly Container[]): ReadonlySet<string> {
	const newest = new Map<string, Container>();
	for (const container of containers) {
		const key = `${container.podSandboxId}/${container.metadata.name}`;
		const other = newest.get(key);
		if (!other || container.metadata.attempt >= other.metadata.attempt) newest.set(key, container);
	}
	return new Set([...newest.values()].map((container) => container.id));
}

/** containerd answers with an id where a container was made from one: kubelet always does so. */
function imageNameOf({ image, imageRef, imageId }: Container, tagOf: ReadonlyMap<string, string>): string {
	const asked = image.userSpecifiedImage || image.image;
	const isId = /^(sha256:)?[0-9a-f]{64}$/u.test(asked);
	if (!isId) return asked;
	return tagOf.get(asked) ?? tagOf.get(imageRef) ?? tagOf.get(imageId) ?? asked;
}

/** Containers by namespace, pod, name, newest attempt first; facts and usage do not move them. */
const orderedContainers = memoized(
	(inventory: InventoryState) => [inventory.containers, inventory.pods, inventory.images] as const,
	(containers, pods, images) => {
		const byId = new Map(pods.map((pod) => [pod.id, pod]));
		const tagOf = new Map<string, string>();
		for (const { id, repoTags, repoDigests } of images) {
			const tag = repoTags[0] ?? repoDigests[0];
			if (tag !== undefined) for (const key of [id, ...repoDigests]) tagOf.set(key, tag);
		}
		const newest = newestAttempts(containers);
		const placed = containers.map((container) => {
			const pod = byId.get(container.podSandboxId);
			return {
				container,
				pod,
				superseded: !newest.has(container.id),
				imageName: imageNameOf(container, tagOf),
				namespace: pod?.metadata.namespace ?? container.labels['io.kubernetes.pod.namespace'] ?? '',
				podName: pod?.metadata.name ?? container.labels['io.kubernetes.pod.name'] ?? '',
			};
		});
		return placed.sort(
			(left, right) =>
				compare(left.namespace, right.namespace) ||
				compare(left.podName, right.podName) ||
				compare(left.container.metadata.name, right.container.metadata.name) ||
				right.container.metadata.attempt - left.container.metadata.attempt ||
				compare(left.container.id, right.container.id),
		);
	},
);

/** The newest row of each container: as long as nothing in it changes, it stays the same object for search and screen. */
const containerRowCache = new WeakMap<Container, ContainerRow>();

function containerRowsOf(inventory: InventoryState, stats: StatsState): readonly ContainerRow[] {
	return orderedContainers(inventory).map(({ container, pod, superseded, imageName }): ContainerRow => {
		const facts = inventory.containerFacts.get(container.id);
		const usage = stats.containers.get(container.id);
		const departed = inventory.departed.has(container.id);
		const before = containerRowCache.get(container);
		const sameText = before?.pod === pod && before?.facts === facts && before?.imageName === imageName;
		const sameRest = before?.departed === departed && before?.superseded === superseded;
		if (before && sameText && sameRest && before.usage === usage) return before;
		const { health, text } = containerCondition(container, facts, superseded, departed);
		const row: ContainerRow = {
			kind: 'container',
			id: container.id,
			name: container.metadata.name,
			container,
			pod,
			facts,
			usage,
			health,
			stateText: text,
			departed,
			superseded,
			imageName,
			textKey: before && sameText ? before.textKey : {},
		};
		containerRowCache.set(container, row);
		return row;
	});
}

function compare(left: string, right: string): number {
	return left < right ? -1 : left > right ? 1 : 0;
}

/** All containers by namespace, pod, name, newest attempt first. */
export const containerRows = memoized(
	(state: UiState) => [state.inventory, state.stats] as const,
	containerRowsOf,
);

function sumHistory(containers: readonly ContainerRow[]): readonly number[] {
	const histories = containers
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
	(inventory: InventoryState) => [inventory.pods] as const,
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
					compare(left.metadata.namespace, right.metadata.namespace) ||
					compare(left.metadata.name, right.metadata.name) ||
					right.metadata.attempt - left.metadata.attempt ||
					compare(left.id, right.id),
			);
	},
);

/** As `containerRowCache`; `replaced` is what made the row beside its fields. */
const podRowCache = new WeakMap<PodSandbox, { readonly row: PodRow; readonly replaced: boolean }>();

function sameItems<Item>(left: readonly Item[], right: readonly Item[]): boolean {
	return left.length === right.length && left.every((item, index) => item === right[index]);
}

const textKeysOf = (rows: readonly ContainerRow[]): readonly object[] => rows.map(({ textKey }) => textKey);

function podRowsOf(inventory: InventoryState, containers: readonly ContainerRow[]): readonly PodRow[] {
	const byPod = Map.groupBy(containers, (row) => row.container.podSandboxId);
	const containersKnown = inventory.refreshedAtMs.containers !== undefined;
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
			cpuHistory: sumHistory(running),
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
	(state: UiState) => [state.inventory, containerRows(state)] as const,
	podRowsOf,
);

function imageRowsOf(inventory: InventoryState, containers: readonly ContainerRow[]): readonly ImageRow[] {
	const users = new Map<string, ContainerRow[]>();
	const use = (key: string, row: ContainerRow): void => {
		if (key === '') return;
		const known = users.get(key);
		if (known) known.push(row);
		else users.set(key, [row]);
	};
	for (const row of containers) {
		for (const key of new Set([row.container.imageId, row.container.imageRef, row.container.image.image])) {
			use(key, row);
		}
	}
	const rows = inventory.images.map((image): ImageRow => {
		const keys = [image.id, ...image.repoTags, ...image.repoDigests];
		const usedBy = [...new Set(keys.flatMap((key) => users.get(key) ?? []))];
		const departed = inventory.departed.has(image.id);
		return {
			kind: 'image',
			id: image.id,
			name: image.repoTags[0] ?? image.repoDigests[0] ?? '<none>',
			image,
			usedBy,
			containersKnown: inventory.refreshedAtMs.containers !== undefined,
			runningCount: usedBy.filter(({ container }) => container.state === 'running').length,
			health: departed ? 'gone' : usedBy.length > 0 || image.pinned ? 'ok' : 'done',
			departed,
			textKey: {},
		};
	});
	return rows.sort((left, right) => compare(left.name, right.name) || compare(left.id, right.id));
}

/** All images by first tag. */
export const imageRows = memoized(
	(state: UiState) => [state.inventory, containerRows(state)] as const,
	imageRowsOf,
);
