/** Layers as whole trees: for filesystems that overlay cannot work on. Source: c/storage drivers/vfs */
import { execFile } from 'node:child_process';
import { chmod, chown, lstat, mkdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { isAbort } from '../../../cri/errors.ts';
import type { StorePlace } from '../store-paths.ts';
import type { StorageDriver } from './storage-driver.ts';

/** Of a base layer's root whose tar says nothing about it. */
const rootMode = 0o555;
const run = promisify(execFile);

/**
 * @param places the one that is written to first, then those that are only read
 */
export function createVfsDriver(places: readonly [StorePlace, ...StorePlace[]]): StorageDriver {
	const home = path.join(places[0].driverDir, 'dir');
	const layerDir = (id: string): string => path.join(home, id);
	const findLayerDir = async (id: string): Promise<string | undefined> => {
		for (const { driverDir } of places) {
			const dir = path.join(driverDir, 'dir', id);
			const found = await lstat(dir).catch(() => undefined);
			if (found?.isDirectory() === true) return dir;
		}
		return undefined;
	};
	return {
		name: 'vfs',
		parentsFirst: true,
		dirs: [home],
		layerDir,
		findLayerDir,
		diffDir: (dir) => dir,
		async prepare(stagedDir, parentDir, { signal } = {}) {
			await mkdir(stagedDir, { mode: 0o700 });
			await chmod(stagedDir, rootMode);
			if (parentDir === undefined) return;
			await copyTree(parentDir, stagedDir, signal);
			const { uid, gid, mode } = await stat(parentDir);
			await chown(stagedDir, uid, gid);
			await chmod(stagedDir, mode & 0o7777);
		},
		finish: async () => [],
		placed: async () => undefined,
		leaving: async () => undefined,
		async inspect(id) {
			return (await findLayerDir(id)) === undefined ? 'its folder is missing' : undefined;
		},
	};
}

/**
 * Copies a tree with owners, times, links, devices and attributes; cp shares blocks where the filesystem can. Names that
 * are not UTF-8 never pass through this program so.
 */
async function copyTree(from: string, to: string, signal: AbortSignal | undefined): Promise<void> {
	try {
		await run('cp', ['-a', '--reflink=auto', '--', `${from}/.`, to], {
			env: { ...process.env, LC_ALL: 'C' },
			...(signal === undefined ? {} : { signal }),
		});
	} catch (error) {
		if (isAbort(error)) throw error;
		const text = String((error as { stderr?: unknown }).stderr ?? '').trim();
		// cp says why only in words; the errno in them is what the caller can act on.
		const full = text.includes('No space left on device');
		throw Object.assign(
			new Error(`cp: ${text || String(error)}`, { cause: error }),
			full && { code: 'ENOSPC' },
		);
	}
}
