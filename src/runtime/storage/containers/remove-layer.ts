/** Removing a container's layer and records. */
import { changeLayers, rewrite } from '../layer-table.ts';
import type { WaitOptions } from '../model.ts';
import type { LayerIndex } from '../records/layer-records.ts';
import type { TableChange } from '../records/record-table.ts';
import {
	type ContainerParts,
	deleteBehind,
	dropContainer,
	saveVolatileLayers,
	volatileLayersFile,
} from './layer-parts.ts';
import { ownContainer, ownLayers } from './own-records.ts';

/**
 * The record goes first, and frees the names; then the mount, the folder, the layer's record. Killed in between, the rest
 * is found by the layer's record. The files are deleted when the locks are free again.
 */
export async function removeContainerLayer(
	parts: ContainerParts,
	id: string,
	options: WaitOptions = {},
): Promise<void> {
	const { store, driver, mounts } = parts;
	const folders: string[] = [];
	await changeLayers(
		store,
		(layers) =>
			store.containers.change(async (containers) => {
				const entry = containers.index.byId.get(id);
				const own = ownContainer(entry);
				// Podman's or CRI-O's own are theirs to remove.
				if (entry !== undefined && own === undefined) return;
				const going = new Set(ownLayers(layers.index, id).map(({ layerId }) => layerId));
				if (own !== undefined && own.layerId !== '') going.add(own.layerId);
				if (own !== undefined) await dropContainer(parts, containers, id);
				if (going.size === 0) return;
				await mounts.change(async (counts) => {
					for (const layerId of going) {
						const folder = await driver.takeAway(layerId);
						if (folder !== undefined) folders.push(folder);
						counts.forget(layerId);
					}
				}, options);
				await dropLayerRecords(parts, layers, going);
			}, options),
		options,
	);
	parts.known.delete(id);
	await deleteBehind(parts, folders);
}

/** Ours stand in one file; whatever has come into another is looked for, too. */
async function dropLayerRecords(
	parts: ContainerParts,
	layers: TableChange<LayerIndex>,
	going: ReadonlySet<string>,
): Promise<void> {
	const before = layers.records(volatileLayersFile(parts.store));
	const after = before.filter(({ id }) => !going.has(String(id)));
	if (after.length < before.length) await saveVolatileLayers(parts, layers, after);
	if (before.length - after.length === going.size) return;
	await rewrite(layers, (record, layerId) => (going.has(layerId) ? undefined : record));
}
