import { closeSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { watchWriters } from '../../../../src/cli/run/file-writers.ts';

test('a file is written as long as somebody has it open for writing; readers do not count', () => {
	const dir = mkdtempSync(path.join(tmpdir(), 'criscope-writers-'));
	try {
		const file = path.join(dir, '0.log');
		const writer = openSync(file, 'a');
		const reader = openSync(file, 'r');
		const isWritten = watchWriters(file);
		expect(isWritten()).toBe(true);
		expect(isWritten()).toBe(true);
		closeSync(writer);
		expect(isWritten()).toBe(false);
		expect(watchWriters(file)()).toBe(false);
		closeSync(reader);
	} finally {
		rmSync(dir, { recursive: true, force: true });
	}
});
