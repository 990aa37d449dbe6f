/**
 * A program to be killed: opens a store, removes an image, and ends itself with SIGKILL right before the step of the given
 * number. Steps are the calls that change files.
 */
import fs from 'node:fs';
import files from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';

const [graphRoot = '', runRoot = '', driver = '', imageId = '', step = ''] = process.argv.slice(2);
let counting = false;
let steps = 0;

function wrap(owner: object, name: string): void {
	const table = owner as Record<string, (...args: readonly unknown[]) => unknown>;
	const original = table[name];
	if (original === undefined) throw new Error(`no ${name} to wrap`);
	table[name] = (...args) => {
		if (counting) {
			steps += 1;
			if (steps === Number(step)) process.kill(process.pid, 'SIGKILL');
		}
		return original.apply(owner, [...args]);
	};
}

for (const name of ['rename', 'rm']) wrap(files, name);
for (const name of ['rmSync', 'unlinkSync', 'renameSync']) wrap(fs, name);
syncBuiltinESMExports();

// Only now, so that they see what was wrapped.
const { openStore } = await import('../../src/runtime/storage/open-store.ts');
const { loadLibc } = await import('../../src/runtime/sys/libc.ts');
await using store = await openStore({ sys: loadLibc(), graphRoot, runRoot, driver });
counting = true;
await store.removeImage(imageId);
counting = false;
process.stdout.write(`${steps}\n`);
