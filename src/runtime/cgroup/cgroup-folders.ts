/** Folders of the cgroup hierarchies, of any version. */
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { readCgroupText } from './cgroup-files.ts';

const makingTries = 10;

/**
 * Makes every level; a v1 cpuset is born without cores and memory nodes and takes no process until it has some. Another runtime
 * may make the same parents at that moment, or end and take away those that are still empty: then they are made again.
 * @param makeFolder for tests: mkdir(2)
 */
export function makeCgroupFolders(
	root: string,
	path: string,
	isCpuset: boolean,
	makeFolder: (folder: string) => unknown = mkdirSync,
): void {
	for (let tries = 1; ; tries += 1) {
		try {
			makeLevels(root, path, isCpuset, makeFolder);
			return;
		} catch (error) {
			if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || tries === makingTries) throw error;
		}
	}
}

function makeLevels(
	root: string,
	path: string,
	isCpuset: boolean,
	makeFolder: (folder: string) => unknown,
): void {
	let folder = root;
	for (const part of path.split('/').filter(Boolean)) {
		folder = `${folder}/${part}`;
		try {
			if (!existsSync(folder)) makeFolder(folder);
		} catch (error) {
			if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
		}
		if (!isCpuset) continue;
		for (const file of ['cpuset.cpus', 'cpuset.mems']) {
			if (readCgroupText(`${folder}/${file}`)?.trim() !== '') continue;
			const inherited = readCgroupText(`${dirname(folder)}/${file}`)?.trim();
			if (inherited !== undefined && inherited !== '') writeFileSync(`${folder}/${file}`, inherited);
		}
	}
}

/** Names of the groups directly below one; none where it is gone. */
export function childFolders(folder: string): readonly string[] {
	try {
		return readdirSync(folder, { withFileTypes: true })
			.filter((entry) => entry.isDirectory())
			.map((entry) => entry.name);
	} catch {
		return [];
	}
}
