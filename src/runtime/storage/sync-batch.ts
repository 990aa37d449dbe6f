/** Many small files on their way to the disk. */
import { readFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { syncPath } from '../sys/atomic-file.ts';
import type { Sys } from '../sys/sys.ts';

/** Fewer files are quicker written out one by one. */
const manyPaths = 32;
/** More than this is not written out on the way: disks take a second for so much and more. */
const littleBytes = 64 * 2 ** 20;

/**
 * Writes files and folders out to the disk: one by one, or, where they are many and little else waits to be written, all of
 * their filesystem at once, which then takes a fraction of the time.
 * @param batch.dir on the filesystem that all of them lie on
 * @param batch.contentBytes what else these layers have just written
 * @param dirtyBytes what the machine has yet to write
 * @throws the errors of open, fsync and syncfs
 */
export async function syncBatch(
	sys: Pick<Sys, 'syncfs'>,
	batch: {
		readonly dir: string;
		readonly paths: readonly string[];
		readonly contentBytes: number;
		/** Instead of fsync of one path. */
		readonly syncOne?: ((file: string) => Promise<void>) | undefined;
	},
	dirtyBytes: () => number = readDirtyBytes,
): Promise<void> {
	const { dir, paths, contentBytes, syncOne = syncPath } = batch;
	if (paths.length < manyPaths || contentBytes > littleBytes || dirtyBytes() > littleBytes) {
		await Promise.all(paths.map(syncOne));
		return;
	}
	await using folder = await open(dir, 'r');
	await sys.syncfs(folder.fd);
}

/** Source: proc_meminfo(5) */
function readDirtyBytes(): number {
	try {
		const found = /^Dirty:\s+(\d+) kB/m.exec(readFileSync('/proc/meminfo', 'utf8'));
		return found === null ? Number.POSITIVE_INFINITY : Number(found[1]) * 1024;
	} catch {
		return Number.POSITIVE_INFINITY;
	}
}
