import { mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { readContainerExit } from '../../../../src/runtime/oci/exit-files.ts';
import { tempDir } from '../../../helpers/temp-dir.ts';

function places() {
	const dir = tempDir();
	const paths = {
		bundleDir: path.join(dir, 'bundle'),
		persistDir: path.join(dir, 'persist'),
		exitsDir: path.join(dir, 'exits'),
		attachDir: path.join(dir, 'attach'),
		logPath: path.join(dir, 'log'),
	};
	for (const folder of [paths.bundleDir, paths.persistDir, paths.exitsDir]) mkdirSync(folder);
	return paths;
}

test('there is no exit before conmon has written one', () => {
	const paths = places();
	expect(readContainerExit('c1', paths)).toBeUndefined();
	// After a reboot the folders themselves may be gone.
	rmSync(paths.persistDir, { recursive: true });
	writeFileSync(paths.persistDir, 'a file in its place');
	expect(readContainerExit('c1', paths)).toBeUndefined();
});

test('either file tells it, with the time it was written', () => {
	const paths = places();
	const shared = path.join(paths.exitsDir, 'c1');
	writeFileSync(shared, '137');
	const { ctimeNs } = statSync(shared, { bigint: true });
	expect(readContainerExit('c1', paths)).toEqual({
		exitCode: 137,
		finishedAtNanos: ctimeNs,
		oomKilled: false,
	});
	expect(readContainerExit('c2', paths)).toBeUndefined();
	writeFileSync(path.join(paths.persistDir, 'exit'), '3\n');
	expect(readContainerExit('c1', paths)?.exitCode).toBe(3);
});

test.each(['bundleDir', 'persistDir'] as const)('the mark of a memory kill counts in %s', (place) => {
	const paths = places();
	writeFileSync(path.join(paths.persistDir, 'exit'), '137');
	writeFileSync(path.join(paths[place], 'oom'), '');
	expect(readContainerExit('c1', paths)?.oomKilled).toBe(true);
});

test.each(['', 'x', '-1', '1 2', '99999999999'])('%j is no exit code', (content) => {
	const paths = places();
	writeFileSync(path.join(paths.persistDir, 'exit'), content);
	expect(readContainerExit('c1', paths)).toBeUndefined();
	writeFileSync(path.join(paths.exitsDir, 'c1'), '5');
	expect(readContainerExit('c1', paths)?.exitCode).toBe(5);
});
