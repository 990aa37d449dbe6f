import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';

/** Where files are; a folder stands for its `*.conf` files. */
export type WatchedPath = { readonly path: string; readonly folder: boolean };

/**
 * Files in the order in which they count, and a text that differs whenever one of them was changed, added or removed.
 * Stat at use is enough: a pull begins rarely, and a file that is replaced under a watch is easily missed.
 *
 * @throws an error of the file system other than "there is none"
 */
async function lookAtFiles(
	watched: readonly WatchedPath[],
): Promise<{ readonly files: readonly string[]; readonly stamp: string }> {
	const lists = await Promise.all(
		watched.map(async (one) => (one.folder ? confFilesIn(one.path) : [one.path])),
	);
	const stamps = await Promise.all(
		lists.flat().map(async (file) => {
			const found = await stat(file, { bigint: true }).catch(absent);
			if (found === undefined) return undefined;
			return { file, stamp: `${file} ${found.ino} ${found.size} ${found.mtimeNs} ${found.ctimeNs}` };
		}),
	);
	const present = stamps.filter((one) => one !== undefined);
	return { files: present.map(({ file }) => file), stamp: present.map(({ stamp }) => stamp).join('\n') };
}

async function confFilesIn(folder: string): Promise<readonly string[]> {
	const entries = await readdir(folder, { withFileTypes: true }).catch(absent);
	return (entries ?? [])
		.filter((entry) => entry.name.endsWith('.conf') && !entry.isDirectory())
		.map(({ name }) => path.join(folder, name))
		.sort();
}

function absent(error: NodeJS.ErrnoException): undefined {
	if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
	throw error;
}

/**
 * Keeps what was made of files, and makes it anew when they change. Callers at the same time share one reading.
 *
 * @param make is given the files that exist
 */
export function cachedFromFiles<T>(
	watched: () => Promise<readonly WatchedPath[]>,
	make: (files: readonly string[]) => Promise<T>,
): () => Promise<T> {
	let held: { readonly stamp: string; readonly value: Promise<T> } | undefined;
	return async () => {
		const { files, stamp } = await lookAtFiles(await watched());
		if (held?.stamp === stamp) return held.value;
		const fresh = { stamp, value: make(files) };
		held = fresh;
		// What could not be read now may be readable the next time, without a change that shows.
		fresh.value.catch(() => {
			if (held === fresh) held = undefined;
		});
		return fresh.value;
	};
}
