/** Folders of the cgroup hierarchies, of any version. */
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { readCgroupText } from './cgroup-files.ts';

/** Makes every level; a v1 cpuset is born without cores and memory nodes and takes no process until it has some. */
export function makeCgroupFolders(root: string, path: string, isCpuset: boolean): void {
	let folder = root;
	for (const part of path.split('/').filter(Boolean)) {
		folder = `${folder}/${part}`;
		if (!existsSync(folder)) mkdirSync(folder);
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
