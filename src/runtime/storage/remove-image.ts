/** Images go, and with them the layers that nothing else stands on. */
import path from 'node:path';
import { FailedPreconditionError } from '../../cri/errors.ts';
import { changeLayers, dropLayers } from './layer-table.ts';
import type { Removal, StoredContainer, WaitOptions } from './model.ts';
import { refuseReadOnly } from './read-only-image.ts';
import type { ImageEntry, ImageIndex } from './records/image-records.ts';
import type { LayerIndex } from './records/layer-records.ts';
import type { StoreParts } from './store-parts.ts';

const nothing: Removal = { untagged: [], removedImages: [], removedLayers: [] };

/**
 * The record goes first, then the layers from the top down, each unless something else needs it.
 * @throws FailedPreconditionError naming the container that uses the image, or the read-only store that it is in
 */
export async function removeImage(
	parts: StoreParts,
	id: string,
	options: WaitOptions = {},
): Promise<Removal> {
	return changeLayers(
		parts,
		(layers) =>
			parts.images.change(
				(images) =>
					parts.containers.read(async ({ all: containers }) => {
						const entry = images.index.byId.get(id);
						if (entry === undefined) {
							await refuseReadOnly(parts, 'remove', id, options);
							return nothing;
						}
						const user = containers.find(({ imageId }) => imageId === id);
						if (user !== undefined) throw inUse(id, user);
						const unused = unusedLayers(entry, layers.index, images.index, containers);
						await images.save(
							0,
							images.records(0).filter((record) => record['id'] !== id),
						);
						await parts.staging.putAside(path.join(parts.imagePlace.imagesDir, id));
						await dropLayers(parts, layers, unused);
						return { untagged: entry.image.names, removedImages: [id], removedLayers: unused };
					}, options),
				options,
			),
		options,
	);
}

/** Layers that only this image needs, top first. Source: c/storage store.go, DeleteImage */
function unusedLayers(
	{ image, mappedLayers }: ImageEntry,
	layers: LayerIndex,
	images: ImageIndex,
	containers: readonly StoredContainer[],
): readonly string[] {
	const needed = new Set(containers.map(({ layerId }) => layerId));
	for (const other of images.byId.values()) {
		if (other.image.id === image.id) continue;
		if (other.image.layer !== undefined) needed.add(other.image.layer);
		for (const layer of other.mappedLayers) needed.add(layer);
	}
	const going = new Set<string>();
	const isUnused = (id: string): boolean =>
		layers.byId.has(id) &&
		!needed.has(id) &&
		!going.has(id) &&
		(layers.children.get(id) ?? []).every((child) => going.has(child));
	for (const id of mappedLayers) {
		if (isUnused(id)) going.add(id);
	}
	for (let id = image.layer; id !== undefined && isUnused(id); id = layers.byId.get(id)?.parent) {
		going.add(id);
	}
	return [...going];
}

function inUse(id: string, { id: container, names: [name] }: StoredContainer): FailedPreconditionError {
	const shown = name === undefined ? `"${container}"` : `"${name}" (${container.slice(0, 12)})`;
	return new FailedPreconditionError(
		`cannot remove image "${id}": container ${shown} uses it; remove the container first`,
	);
}
