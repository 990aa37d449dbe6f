/** Space that images take. Layers never change, so each is measured once. */
import { lstat, readdir } from 'node:fs/promises';
import path from 'node:path';
import { errnoCode } from '../sys/errno.ts';
import type { WaitOptions } from './model.ts';
import type { StoreParts } from './store-parts.ts';

/** Space that a tree of files takes. */
export type Usage = { readonly usedBytes: number; readonly inodesUsed: number };

export type UsageMeter = {
	measure(options?: WaitOptions): Promise<Usage & { readonly mountpoint: string }>;
};

/** @returns a meter that remembers what it measured; concurrent calls share the work */
export function createUsageMeter(parts: StoreParts): UsageMeter {
	const known = new Map<string, Promise<Usage>>();
	const usageOf = (dir: string, id: string): Promise<Usage> => {
		const usage = known.get(id) ?? measureTree(path.join(dir));
		known.set(id, usage);
		usage.catch(() => known.delete(id));
		return usage;
	};
	return {
		async measure(options = {}) {
			const ids = await parts.layers.read(
				({ byId }) =>
					// A container's layer changes, and is the container's.
					[...byId.values()].filter(({ record }) => 'diff-digest' in record).map(({ id }) => id),
				options,
			);
			for (const id of known.keys()) if (!ids.includes(id)) known.delete(id);
			const { imagesDir } = parts.imagePlace;
			const usages = [await measureTree(imagesDir)];
			for (const id of ids) {
				options.signal?.throwIfAborted();
				const dir = parts.driver.layerDir(id);
				usages.push(await usageOf(parts.driver.diffDir(dir), id));
			}
			return {
				mountpoint: imagesDir,
				usedBytes: usages.reduce((sum, { usedBytes }) => sum + usedBytes, 0),
				inodesUsed: usages.reduce((sum, { inodesUsed }) => sum + inodesUsed, 0),
			};
		},
	};
}

/** Blocks and entries below a folder, itself included; hard links count once. What vanishes meanwhile counts nothing. */
export async function measureTree(root: string): Promise<Usage> {
	let usedBytes = 0;
	let inodesUsed = 0;
	const linked = new Set<number>();
	// Bytes, since a name need not be UTF-8.
	const folders: Buffer[] = [Buffer.from(root)];
	const count = async (file: Buffer): Promise<void> => {
		const found = await lstat(file).catch(nothingIfGone);
		if (found === undefined || (found.nlink > 1 && !found.isDirectory() && linked.has(found.ino))) return;
		if (found.nlink > 1) linked.add(found.ino);
		usedBytes += found.blocks * 512;
		inodesUsed += 1;
		if (found.isDirectory()) folders.push(file);
	};
	await count(Buffer.from(root));
	folders.shift();
	for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
		const names = (await readdir(folder, 'buffer').catch(nothingIfGone)) ?? [];
		const prefix = Buffer.concat([folder, Buffer.from('/')]);
		for (let from = 0; from < names.length; from += 64) {
			await Promise.all(names.slice(from, from + 64).map((name) => count(Buffer.concat([prefix, name]))));
		}
	}
	return { usedBytes, inodesUsed };
}

function nothingIfGone(error: unknown): undefined {
	if (errnoCode(error) === 'ENOENT' || errnoCode(error) === 'ENOTDIR') return undefined;
	throw error;
}
