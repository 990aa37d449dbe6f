import { existsSync, mkdirSync, rmdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { makeCgroupFolders } from '../../../../src/runtime/cgroup/cgroup-folders.ts';
import { tempDir } from '../../../helpers/temp-dir.ts';

test('a parent that another runtime takes away meanwhile is made again', () => {
	const root = tempDir();
	let left = 3;
	makeCgroupFolders(root, '/criscope/pod1', false, (folder) => {
		if (folder.endsWith('/pod1') && left > 0) {
			left -= 1;
			rmdirSync(dirname(folder));
		}
		mkdirSync(folder);
	});
	expect(left).toBe(0);
	expect(existsSync(join(root, 'criscope/pod1'))).toBe(true);
});

test('a parent that another runtime makes first is as good', () => {
	const root = tempDir();
	makeCgroupFolders(root, '/criscope/pod1', false, (folder) => {
		if (folder.endsWith('/criscope')) mkdirSync(folder);
		mkdirSync(folder);
	});
	expect(existsSync(join(root, 'criscope/pod1'))).toBe(true);
});

test('a hierarchy that is not there is said', () => {
	expect(() => makeCgroupFolders(join(tempDir(), 'none'), '/criscope/pod1', false)).toThrow(/ENOENT/);
});
