import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { onTestFinished } from 'vitest';

/** A new empty folder that lives as long as the running test. Call it inside a test. */
export function tempDir(): string {
	const dir = mkdtempSync(path.join(os.tmpdir(), 'criscope-test-'));
	onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
	return dir;
}
