/** Images go, and with them the layers that nothing else stands on. */
import path from 'node:path';
import { errorMessage, FailedPreconditionError } from '../../cri/errors.ts';
import { changeLayers, dropLayers } from './layer-table.ts';
import type { Removal, StoredContainer, WaitOptions } from './model.ts';
import {
	forgetPendingRemovals,
	isTheSame,
	type LeavingLayer,
	leavingLayers,
	readPendingRemovals,
	writePendingRemovals,
} from './pending-removals.ts';
import { refuseReadOnly } from './read-only-image.ts';
import type { ImageIndex } from './records/image-records.ts';
import type { LayerIndex } from './records/layer-records.ts';
import type { StoreParts } from './store-parts.ts';

const nothing: Removal = { untagged: [], removedImages: [], removedLayers: [] };

/**
 * The removal is written down, then the record goes, then the layers from the top down, each unless something else needs
 * it. Killed in between, `finishRemovals` or the next removal takes the layers.
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
						// Left by a removal that failed: taken along, else the journal would lose them.
						const earlier = (await pendingLayers(parts, layers.index, images.index, options)).map(
							(layer) => layer.id,
						);
						const unused = unusedLayers(
							[...earlier, ...entry.mappedLayers, ...ancestry(entry.image.layer, layers.index)],
							layers.index,
							neededLayers(id, images.index, containers),
						);
						if (unused.length > 0) await writePendingRemovals(parts, leavingLayers(id, unused, layers.index));
						await images.save(
							0,
							images.records(0).filter((record) => record['id'] !== id),
						);
						await parts.staging.putAside(path.join(parts.imagePlace.imagesDir, id));
						await dropLayers(parts, layers, unused);
						if (unused.length > 0) await forgetPendingRemovals(parts);
						return { untagged: entry.image.names, removedImages: [id], removedLayers: unused };
					}, options),
				options,
			),
		options,
	);
}

/**
 * Takes the layers of images whose removal was begun and not finished, by a program that was killed or a disk that was
 * full: of those, what nobody has made anew or uses by now. A failure is logged; it must not keep the store shut.
 */
export async function finishRemovals(parts: StoreParts, options: WaitOptions = {}): Promise<void> {
	if ((await readPendingRemovals(parts, options)).length === 0) return;
	try {
		await changeLayers(
			parts,
			(layers) =>
				parts.images.read(
					(images) =>
						parts.containers.read(async ({ all: containers }) => {
							const leaving = await pendingLayers(parts, layers.index, images, options);
							const unused = unusedLayers(
								leaving.map(({ id }) => id),
								layers.index,
								neededLayers(undefined, images, containers),
							);
							if (unused.length > 0)
								parts.log(`removing ${unused.length} layers of images that were being removed`);
							await dropLayers(parts, layers, unused);
							await forgetPendingRemovals(parts);
						}, options),
					options,
				),
			options,
		);
	} catch (error) {
		if (options.signal?.aborted === true) throw error;
		parts.log(`layers of removed images are still there: ${errorMessage(error)}`);
	}
}

/** What the journal names, without images that were pulled again (or never went) and layers that were made anew. */
async function pendingLayers(
	parts: StoreParts,
	layers: LayerIndex,
	images: ImageIndex,
	options: WaitOptions,
): Promise<readonly LeavingLayer[]> {
	const pending = await readPendingRemovals(parts, options);
	return pending.filter((layer) => !images.byId.has(layer.imageId) && isTheSame(layer, layers));
}

/** Layers that containers and images name, but for those of the image that goes. */
function neededLayers(
	leavingImage: string | undefined,
	images: ImageIndex,
	containers: readonly StoredContainer[],
): ReadonlySet<string> {
	const needed = new Set(containers.map(({ layerId }) => layerId));
	for (const { image, mappedLayers } of images.byId.values()) {
		if (image.id === leavingImage) continue;
		if (image.layer !== undefined) needed.add(image.layer);
		for (const layer of mappedLayers) needed.add(layer);
	}
	return needed;
}

/** A layer and what it stands on, top first. */
function ancestry(top: string | undefined, layers: LayerIndex): readonly string[] {
	const ids = new Set<string>();
	for (let id = top; id !== undefined && !ids.has(id); id = layers.byId.get(id)?.parent) ids.add(id);
	return [...ids];
}

/**
 * Those of the candidates that nothing needs and nothing stands on but what goes too.
 * @param candidates children before parents
 * Source: c/storage store.go, DeleteImage
 */
function unusedLayers(
	candidates: readonly string[],
	layers: LayerIndex,
	needed: ReadonlySet<string>,
): readonly string[] {
	const going = new Set<string>();
	for (const id of candidates) {
		const isUnused =
			layers.byId.has(id) &&
			!needed.has(id) &&
			(layers.children.get(id) ?? []).every((child) => going.has(child));
		if (isUnused) going.add(id);
	}
	return [...going];
}

function inUse(id: string, { id: container, names: [name] }: StoredContainer): FailedPreconditionError {
	const shown = name === undefined ? `"${container}"` : `"${name}" (${container.slice(0, 12)})`;
	return new FailedPreconditionError(
		`cannot remove image "${id}": container ${shown} uses it; remove the container first`,
	);
}
