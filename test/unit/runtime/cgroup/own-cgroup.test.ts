import { existsSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { removesEmptyParent } from '../../../../src/runtime/cgroup/own-cgroup.ts';
import { tempDir } from '../../../helpers/temp-dir.ts';

test('the common parent goes with the last one, and stays where somebody is in it', () => {
	const dir = tempDir();
	const at = (...names: string[]) => path.join(dir, ...names);
	for (const name of ['memory/criscope', 'pids/criscope/pod1', 'unified/criscope']) {
		mkdirSync(at(name), { recursive: true });
	}
	// No process has this number.
	mkdirSync(at('memory/criscope/criscope-runtime-4194305'));
	mkdirSync(at(`unified/criscope/criscope-runtime-${process.pid}`));
	mkdirSync(at('cpu'));
	const controllerMounts = new Map(['memory', 'pids', 'cpu'].map((name) => [name, at(name)]));
	const removal = removesEmptyParent({ controllerMounts, unifiedMount: at('unified') });
	expect(existsSync(at('memory/criscope'))).toBe(true);
	removal[Symbol.dispose]();
	expect(existsSync(at('memory/criscope'))).toBe(false);
	expect(existsSync(at('pids/criscope/pod1'))).toBe(true);
	expect(existsSync(at(`unified/criscope/criscope-runtime-${process.pid}`))).toBe(true);
	expect(existsSync(at('memory'))).toBe(true);
	removesEmptyParent({ controllerMounts: new Map(), unifiedMount: undefined })[Symbol.dispose]();
});
