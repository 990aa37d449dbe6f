/** Counting who has a layer mounted, together with Podman. Source: c/storage layers.go, layerMountPoint */
import { createFileLock } from '../../sys/file-lock.ts';
import type { WaitOptions } from '../model.ts';
import { type MountPlace, mountsFile } from '../mount-counts.ts';
import { type JsonRecord, numberField } from '../records/json-records.ts';
import { createRecordTable } from '../records/record-table.ts';

/** The counts while they are locked. */
export type MountCounts = {
	/** How often a layer is mounted, as far as is recorded. */
	count(layerId: string): number;
	/** Records it; 0 takes the record away. */
	set(layerId: string, mountPoint: string, count: number): void;
	/** Takes the record away. */
	forget(layerId: string): void;
};

export type MountTable = {
	/**
	 * Calls `use` with the counts locked, and saves what it set. To be called with the layers locked, in whatever mode.
	 * What was set is saved when `use` fails too: mounts that were made stay known.
	 */
	change<R>(use: (counts: MountCounts) => Promise<R>, options?: WaitOptions): Promise<R>;
};

type CountIndex = ReadonlyMap<unknown, JsonRecord>;

/** @param place whose counts others change too */
export function createMountTable(place: MountPlace): MountTable {
	const table = createRecordTable<CountIndex>(
		[createFileLock(place.sys, `${place.mountsDir}/mountpoints.lock`)],
		[{ path: mountsFile(place), durable: false }],
		([records = []]) => new Map(records.map((record) => [record['id'], record])),
	);
	return {
		change: (use, options = {}) =>
			table.change(async ({ index, save }) => {
				const after = new Map(index);
				let changed = false;
				try {
					return await use({
						count: (layerId) => numberField(after.get(layerId) ?? {}, 'count') ?? 0,
						set(layerId, mountPoint, count) {
							const old = after.get(layerId);
							if (old === undefined && count === 0) return;
							changed = true;
							if (count === 0) after.delete(layerId);
							else after.set(layerId, { ...old, id: layerId, path: mountPoint, count });
						},
						forget(layerId) {
							changed = after.delete(layerId) || changed;
						},
					});
				} finally {
					// Nothing is mounted after a power cut, and an empty file says just that.
					if (changed) await save(0, [...after.values()], { exchange: place.sys.exchange });
				}
			}, options),
	};
}
