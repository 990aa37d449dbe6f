/** Counting who has a layer mounted, together with Podman. Source: c/storage layers.go, layerMountPoint */
import { writeFileAtomically } from '../../sys/atomic-file.ts';
import { createFileLock } from '../../sys/file-lock.ts';
import type { WaitOptions } from '../model.ts';
import { type MountPlace, mountsFile, readMounts } from '../mount-counts.ts';
import { writeChangeToken } from '../records/change-token.ts';
import { type JsonRecord, numberField, serializeRecords } from '../records/json-records.ts';

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

/** @param place is read again each time: the counts are small, and others change them */
export function createMountTable(place: MountPlace): MountTable {
	const lock = createFileLock(place.sys, `${place.mountsDir}/mountpoints.lock`);
	return {
		async change(use, options = {}) {
			await using held = await lock.acquire('exclusive', options);
			const before = await readMounts(place);
			let after = before;
			const isOf = (layerId: string) => (record: JsonRecord) => record['id'] === layerId;
			try {
				return await use({
					count: (layerId) => numberField(after.find(isOf(layerId)) ?? {}, 'count') ?? 0,
					set(layerId, mountPoint, count) {
						const old = after.find(isOf(layerId));
						if (old === undefined && count === 0) return;
						const others = after.filter((record) => record !== old);
						after = count === 0 ? others : [...others, { ...old, id: layerId, path: mountPoint, count }];
					},
					forget(layerId) {
						if (after.some(isOf(layerId))) after = after.filter((record) => record['id'] !== layerId);
					},
				});
			} finally {
				if (after !== before) {
					if (held.descriptor !== undefined) writeChangeToken(held.descriptor);
					await writeFileAtomically(mountsFile(place), serializeRecords(after), {
						mode: 0o600,
						durable: false,
					});
				}
			}
		},
	};
}
