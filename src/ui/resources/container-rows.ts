import type { Container } from '../../cri/model.ts';
import { memoized } from '../store/memo.ts';
import type { InventoryState } from '../store/slices/inventory.ts';
import type { StatsState } from '../store/slices/stats.ts';
import type { UiState } from '../store/state.ts';
import { containerCondition } from './health.ts';
import { type ContainerRow, compareText } from './rows.ts';

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
	(inventory: Pick<InventoryState, 'containers' | 'pods' | 'images'>) =>
		[inventory.containers, inventory.pods, inventory.images] as const,
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
				compareText(left.namespace, right.namespace) ||
				compareText(left.podName, right.podName) ||
				compareText(left.container.metadata.name, right.container.metadata.name) ||
				right.container.metadata.attempt - left.container.metadata.attempt ||
				compareText(left.container.id, right.container.id),
		);
	},
);

/** What of the inventory container rows are made of. When only the time of a refresh is new, none of it is. */
type ContainerParts = Pick<InventoryState, 'containers' | 'pods' | 'images' | 'containerFacts' | 'departed'>;

/** The newest row of each container: as long as nothing in it changes, it stays the same object for search and screen. */
const containerRowCache = new WeakMap<Container, ContainerRow>();

function containerRowsOf(inventory: ContainerParts, stats: StatsState): readonly ContainerRow[] {
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

/** All containers by namespace, pod, name, newest attempt first. */
export const containerRows = memoized(
	({ inventory, stats }: UiState) =>
		[
			inventory.containers,
			inventory.pods,
			inventory.images,
			inventory.containerFacts,
			inventory.departed,
			stats,
		] as const,
	(containers, pods, images, containerFacts, departed, stats) =>
		containerRowsOf({ containers, pods, images, containerFacts, departed }, stats),
);
