/** An open store: each method is one act, and says what it was where it fails. */

import type { Readable } from 'node:stream';
import { NotFoundError } from '../../cri/errors.ts';
import { readBigData } from './big-data.ts';
import { checkStore } from './check-store.ts';
import { commitImage } from './commit-image.ts';
import { commitLayers } from './commit-layers.ts';
import { createContainerLayers } from './containers/container-layers.ts';
import { findImageEntry } from './image-lookup.ts';
import { addNames, removeNames } from './image-names.ts';
import { createUsageMeter } from './image-usage.ts';
import { inspectingLayers } from './inspect-layers.ts';
import { layerIdOf } from './layer-id.ts';
import { tarSplitPath } from './layer-table.ts';
import type { Store, StoredLayer, WaitOptions } from './model.ts';
import type { ImageIndex } from './records/image-records.ts';
import { storedLayer } from './records/layer-records.ts';
import { removeImage } from './remove-image.ts';
import { stageLayer } from './stage-layer.ts';
import { explaining } from './store-errors.ts';
import type { StoreParts } from './store-parts.ts';
import { openTarSplit } from './tar/tar-split-reader.ts';

/** @param parts disposed of with the store */
export function createStore(parts: StoreParts): Store {
	const { place, imagePlace, driver, staging } = parts;
	const of = `store "${place.root}"`;
	const meter = createUsageMeter(parts);
	const containerLayers = createContainerLayers(parts);
	/** Records are values: what was read under the lock may be used when it is free again. */
	const imageIndexes = async (options: WaitOptions): Promise<readonly ImageIndex[]> => [
		await parts.images.read((index) => index, options),
		...(await Promise.all(parts.additional.map(({ images }) => images.read((index) => index, options)))),
	];
	const findLayer = async (id: string, options: WaitOptions) => {
		for (const { layers, place: where, readOnly } of [
			{ ...parts, readOnly: false },
			...parts.additional.map((one) => ({ ...one, readOnly: true })),
		]) {
			const entry = await layers.read(({ byId }) => byId.get(id), options);
			if (entry !== undefined && !entry.incomplete)
				return { layer: storedLayer(entry, readOnly), place: where };
		}
		throw new NotFoundError(`cannot read layer "${id}": it is not in the store`);
	};

	return {
		graphRoot: place.root,
		runRoot: parts.runRoot,
		driver: driver.name,
		parentsFirst: driver.parentsFirst,
		containerLayers,

		listImages: (options = {}) =>
			explaining(`list the images of ${of}`, async () => {
				const all = (await imageIndexes(options)).flatMap(({ byId }) => [...byId.values()]);
				const seen = new Set<string>();
				return all.map(({ image }) => image).filter(({ id }) => !seen.has(id) && seen.add(id));
			}),
		listLayers: (options = {}) =>
			explaining(`list the layers of ${of}`, async () => {
				const layers = new Map<string, StoredLayer>();
				for (const { table, readOnly } of [
					{ table: parts.layers, readOnly: false },
					...parts.additional.map((one) => ({ table: one.layers, readOnly: true })),
				]) {
					const { byId } = await table.read((index) => index, options);
					for (const entry of byId.values()) {
						if (!entry.incomplete && !layers.has(entry.id))
							layers.set(entry.id, storedLayer(entry, readOnly));
					}
				}
				return [...layers.values()];
			}),
		listContainers: (options = {}) =>
			explaining(`list the containers of ${of}`, () => parts.containers.read(({ all }) => all, options)),
		findImage: (reference, options = {}) =>
			explaining(
				`find image "${reference}" in ${of}`,
				async () => findImageEntry(await imageIndexes(options), reference)?.image,
			),
		readBigData: (image, key, options = {}) =>
			explaining(`read "${key}" of image "${image.id}"`, async () => {
				const others = image.readOnly ? parts.additional : [];
				for (const { images, place: where } of others) {
					const found = await images.read(({ byId }) => byId.has(image.id), options);
					if (found) return readBigData(where.imagesDir, image, key, options);
				}
				return readBigData(imagePlace.imagesDir, image, key, options);
			}),

		layerIdOf,
		presentLayers: (ids, options = {}) =>
			explaining(`look up layers in ${of}`, () => {
				staging.assertThere();
				return inspectingLayers(
					parts,
					async (inspector) => {
						const present = new Map<string, StoredLayer>();
						for (const id of ids) {
							const found = await inspector.inspect(id);
							if (found === undefined) continue;
							if (found.damage === undefined) present.set(id, found.layer);
							else options.onDamage?.({ kind: 'layer', id, cause: found.damage });
						}
						return present;
					},
					options,
				);
			}),
		stageLayer: ({ parent }, options = {}) =>
			explaining(`make room for a layer in ${of}`, () => stageLayer(parts, parent, options)),
		stagingPath: (name) => staging.pathOf(`blob-${name.replaceAll(/[^\w.+-]/g, '_')}`),
		commitLayers: (layers, options = {}) =>
			explaining(`commit layers to ${of}`, () => commitLayers(parts, layers, options)),
		commitImage: (image, options = {}) =>
			explaining(`commit image "${image.configDigest}" to ${of}`, () => commitImage(parts, image, options)),
		addNames: (id, names, options = {}) =>
			explaining(`tag image "${id}" in ${of}`, () => addNames(parts, id, names, options)),
		removeNames: (id, names, options = {}) =>
			explaining(`untag image "${id}" in ${of}`, () => removeNames(parts, id, names, options)),
		removeImage: (id, options = {}) =>
			explaining(`remove image "${id}" from ${of}`, () => removeImage(parts, id, options)),
		openLayerTar: (id, options = {}) =>
			explaining(`read layer "${id}" of ${of}`, async (): Promise<Readable> => {
				const found = await findLayer(id, options);
				const dir = await driver.findLayerDir(id);
				if (dir === undefined) throw new NotFoundError(`cannot read layer "${id}": its folder is missing`);
				return openTarSplit(tarSplitPath(found, id), driver.diffDir(dir), options);
			}),

		usage: (options = {}) => explaining(`measure ${of}`, () => meter.measure(options)),
		check: (options = {}) => explaining(`check ${of}`, () => checkStore(parts, options)),
		async [Symbol.asyncDispose]() {
			// The staging holds the lock that keeps others of ours out, so it goes last.
			await containerLayers[Symbol.asyncDispose]();
			await parts.writeOut[Symbol.asyncDispose]();
			await staging[Symbol.asyncDispose]();
		},
	};
}
