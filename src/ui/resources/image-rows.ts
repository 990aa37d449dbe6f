import { memoized } from '../store/memo.ts';
import type { InventoryState } from '../store/slices/inventory.ts';
import type { UiState } from '../store/state.ts';
import { containerRows } from './container-rows.ts';
import { type ContainerRow, compareText, type ImageRow } from './rows.ts';

function imageRowsOf(
	inventory: Pick<InventoryState, 'images' | 'departed'>,
	containersKnown: boolean,
	containers: readonly ContainerRow[],
): readonly ImageRow[] {
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
			containersKnown,
			runningCount: usedBy.filter(({ container }) => container.state === 'running').length,
			health: departed ? 'gone' : usedBy.length > 0 || image.pinned ? 'ok' : 'done',
			departed,
			textKey: {},
		};
	});
	return rows.sort((left, right) => compareText(left.name, right.name) || compareText(left.id, right.id));
}

/** All images by first tag. */
export const imageRows = memoized(
	(state: UiState) => {
		const { images, departed, refreshedAtMs } = state.inventory;
		return [images, departed, refreshedAtMs.containers !== undefined, containerRows(state)] as const;
	},
	(images, departed, containersKnown, containers) =>
		imageRowsOf({ images, departed }, containersKnown, containers),
);
