/** What a killed program of ours leaves beside the records; found when a store is opened. */
import { readdir, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { unfinishedPrefix } from '../sys/atomic-file.ts';
import { errnoCode } from '../sys/errno.ts';
import type { WaitOptions } from './model.ts';
import type { StoreParts } from './store-parts.ts';

/**
 * Removes files that were never finished, and big data of images that have no record: with the images locked for writing,
 * nobody is about to write one. Folders of layers without a record stay until their layer comes again: a transient store
 * may have its records elsewhere. To be called by the only program of ours that has the store.
 */
export async function sweepStore(parts: StoreParts, options: WaitOptions = {}): Promise<void> {
	const { place, imagePlace, staging } = parts;
	const { imagesDir } = imagePlace;
	const dirs = [
		place.layersDir,
		imagePlace.layersDir,
		imagesDir,
		place.containersDir,
		path.join(imagePlace.root, 'criscope'),
	];
	for (const dir of new Set(dirs)) await removeUnfinished(dir);
	const { byId } = await parts.images.read((index) => index, options);
	const strays = (await namesIn(imagesDir)).filter((name) => /^[0-9a-f]{64}$/.test(name) && !byId.has(name));
	for (const id of byId.keys()) await removeUnfinished(path.join(imagesDir, id));
	if (strays.length === 0 || (await isEmptied(parts.images.files[0]?.path ?? ''))) return;
	await parts.images.change(async ({ index }) => {
		for (const id of strays) {
			if (!index.byId.has(id)) await staging.putAside(path.join(imagesDir, id));
		}
	}, options);
	await staging.empty();
}

/** Records that a power cut emptied say nothing about what is there; somebody may yet rescue it. */
async function isEmptied(file: string): Promise<boolean> {
	return stat(file).then(
		({ size }) => size === 0,
		() => false,
	);
}

async function removeUnfinished(dir: string): Promise<void> {
	for (const name of await namesIn(dir)) {
		if (name.startsWith(unfinishedPrefix)) await rm(path.join(dir, name), { force: true });
	}
}

async function namesIn(dir: string): Promise<readonly string[]> {
	return readdir(dir).catch((error: unknown): string[] => {
		if (errnoCode(error) === 'ENOENT') return [];
		throw error;
	});
}
