/** Acts on the layers' records that several others are made of. */
import path from 'node:path';
import { syncPath } from '../sys/atomic-file.ts';
import { errnoCode } from '../sys/errno.ts';
import type { WaitOptions } from './model.ts';
import { forgetMounts } from './mount-counts.ts';
import type { JsonRecord } from './records/json-records.ts';
import type { LayerIndex } from './records/layer-records.ts';
import { withIncomplete } from './records/layer-records.ts';
import type { TableChange } from './records/record-table.ts';
import type { StoreParts } from './store-parts.ts';

/**
 * Locks the layers for writing, and first finishes what somebody was killed in: whoever holds this lock knows that no
 * layer which is flagged incomplete has a maker any more. Source: c/storage layers.go, load
 */
export async function changeLayers<R>(
	parts: StoreParts,
	use: (change: TableChange<LayerIndex>) => Promise<R>,
	options: WaitOptions,
): Promise<R> {
	try {
		return await parts.layers.change(async (change) => {
			const leftovers = change.index.incomplete.map(({ id }) => id);
			if (leftovers.length > 0) {
				parts.log(`removing ${leftovers.length} layers that were left half-made: ${leftovers.join(', ')}`);
				await dropLayers(parts, change, leftovers);
			}
			return use(change);
		}, options);
	} finally {
		await parts.staging.empty();
	}
}

/**
 * Takes layers away, children before parents. Their files are put aside; they are deleted when the lock is free again.
 * Killed at any moment, what is left is flagged incomplete, and whoever comes next finishes it.
 */
export async function dropLayers(
	parts: StoreParts,
	change: TableChange<LayerIndex>,
	ids: readonly string[],
): Promise<void> {
	const going = new Set(ids.filter((id) => change.index.byId.has(id)));
	if (going.size === 0) return;
	await rewrite(change, (record, id) => (going.has(id) ? withIncomplete(record, true) : record));
	await forgetMounts(parts, going);
	parts.writeOut.forget(going);
	for (const id of going) {
		await parts.driver.leaving(id);
		await parts.staging.putAside(parts.driver.layerDir(id));
		await parts.staging.putAside(tarSplitPath(parts, id));
		// Big data of the layer itself.
		await parts.staging.putAside(path.join(parts.place.layersDir, id));
	}
	await syncDirs(parts);
	await rewrite(change, (record, id) => (going.has(id) ? undefined : record));
}

/**
 * Saves every file in which `map` changes a record.
 * @param map returns undefined for a record that is to go
 */
export async function rewrite(
	change: TableChange<LayerIndex>,
	map: (record: JsonRecord, id: string) => JsonRecord | undefined,
): Promise<void> {
	const files = new Set([...change.index.byId.values()].map(({ file }) => file));
	for (const file of files) {
		const before = change.records(file);
		const after = before
			.map((record) => map(record, String(record['id'])))
			.filter((record) => record !== undefined);
		if (after.length !== before.length || after.some((record, place) => record !== before[place])) {
			await change.save(file, after);
		}
	}
}

/** Where a layer's tar is kept, without the contents of its files. Always in graphRoot. */
export function tarSplitPath(parts: Pick<StoreParts, 'place'>, id: string): string {
	return path.join(parts.place.layersDir, `${id}.tar-split.gz`);
}

/** Writes the comings and goings of layers out to the disk. */
export async function syncDirs(parts: StoreParts): Promise<void> {
	const sync = (dir: string) =>
		syncPath(dir).catch((error: unknown) => {
			// Made when the first layer comes.
			if (errnoCode(error) !== 'ENOENT') throw error;
		});
	await Promise.all([...parts.driver.dirs, parts.place.layersDir].map(sync));
}
