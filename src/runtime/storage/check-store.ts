/** Looking a whole store over: records, folders, links, big data. Contents of files are not read. */
import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { errnoCode } from '../sys/errno.ts';
import { bigDataDamage, bigDataFileName } from './big-data.ts';
import { inspectingLayers, type LayerInspector } from './inspect-layers.ts';
import type { Damage, StoredImage, WaitOptions } from './model.ts';
import { DamagedRecordsError } from './records/json-records.ts';
import type { StoreParts } from './store-parts.ts';

/** Everything that is not as it must be, named; empty for a store that is whole. */
export async function checkStore(parts: StoreParts, options: WaitOptions = {}): Promise<readonly Damage[]> {
	const damages: Damage[] = [];
	for (const { path: file } of [...parts.layers.files, ...parts.images.files, ...parts.containers.files]) {
		const size = await sizeOf(file);
		if (size === 0)
			damages.push({ kind: 'record', id: path.basename(file), cause: `the file "${file}" is empty` });
	}
	try {
		await inspectingLayers(
			parts,
			async (inspector, own) => {
				for (const id of own.byId.keys()) {
					options.signal?.throwIfAborted();
					const found = await inspector.inspect(id);
					if (found?.damage !== undefined) damages.push({ kind: 'layer', id, cause: found.damage });
				}
				for (const { id } of own.incomplete) {
					damages.push({ kind: 'layer', id, cause: 'it was left half-made' });
				}
				const images = await parts.images.read(({ byId }) => [...byId.values()], options);
				for (const { image } of images) {
					for (const cause of await imageDamages(parts.imagePlace.imagesDir, image, inspector)) {
						damages.push({ kind: 'image', id: image.id, cause });
					}
				}
				damages.push(...(await strayFolders(parts, new Set(own.byId.keys()))));
			},
			options,
		);
		await parts.containers.read(() => undefined, options);
	} catch (error) {
		// Records that cannot be read are a finding, not a failure to look.
		if (!(error instanceof DamagedRecordsError)) throw error;
		damages.push({ kind: 'record', id: path.basename(error.file), cause: error.damage });
	}
	return damages;
}

/** What is wrong with one image besides its layers' own damages. */
async function imageDamages(
	imagesDir: string,
	image: StoredImage,
	inspector: LayerInspector,
): Promise<readonly string[]> {
	const causes: string[] = [];
	if (image.layer !== undefined) {
		const found = await inspector.inspect(image.layer);
		if (found === undefined) causes.push(`its layer "${image.layer}" is missing`);
		else if (found.damage !== undefined)
			causes.push(`its layer "${image.layer}" is damaged: ${found.damage}`);
	}
	for (const [key, expected] of image.bigData) {
		const size = await sizeOf(path.join(imagesDir, image.id, bigDataFileName(key)));
		const damage =
			size === undefined ? `the file of "${key}" is missing` : bigDataDamage(key, expected, size);
		if (damage !== undefined) causes.push(damage);
	}
	if (!image.bigData.has('manifest')) causes.push('it has no manifest');
	return causes;
}

/** Layers' folders that no record knows; they take space, and are replaced when the layer comes again. */
async function strayFolders({ driver }: StoreParts, known: ReadonlySet<string>): Promise<readonly Damage[]> {
	const names = await readdir(path.dirname(driver.layerDir('any'))).catch(() => []);
	return names
		.filter((name) => /^[0-9a-f]{64}$/.test(name) && !known.has(name))
		.map((id) => ({ kind: 'layer', id, cause: 'it has a folder and no record' }) as const);
}

async function sizeOf(file: string): Promise<number | undefined> {
	try {
		return (await stat(file)).size;
	} catch (error) {
		if (errnoCode(error) === 'ENOENT' || errnoCode(error) === 'ENOTDIR') return undefined;
		throw error;
	}
}
