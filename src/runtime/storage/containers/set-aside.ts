/** Folders on their way in or out, beside the layers: a rename within one folder works whatever is bound onto it. */
import { randomBytes } from 'node:crypto';
import { readdir, rename } from 'node:fs/promises';
import path from 'node:path';
import { unfinishedPrefix } from '../../sys/atomic-file.ts';
import { errnoCode } from '../../sys/errno.ts';

/** A path that nothing has yet; no program takes it for a layer. */
export function unfinishedPath(home: string): string {
	return path.join(home, `${unfinishedPrefix}layer-${randomBytes(8).toString('hex')}`);
}

/** @returns where a folder is now; undefined where there was none */
export async function setAside(home: string, layerDir: string): Promise<string | undefined> {
	const place = unfinishedPath(home);
	try {
		await rename(layerDir, place);
		return place;
	} catch (error) {
		if (errnoCode(error) === 'ENOENT') return undefined;
		throw error;
	}
}

/** What dead programs left on its way. */
export async function unfinishedFolders(home: string): Promise<readonly string[]> {
	const names = await readdir(home).catch((error: unknown): string[] => {
		if (errnoCode(error) === 'ENOENT') return [];
		throw error;
	});
	return names
		.filter((name) => name.startsWith(`${unfinishedPrefix}layer-`))
		.map((name) => path.join(home, name));
}
