/**
 * A program to be killed: opens a store, makes a container, mounts, unmounts and removes it, and ends itself with SIGKILL
 * right before the step of the given number. Steps are the calls that change something: of files, and of the system.
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

for (const name of ['mkdir', 'writeFile', 'rename', 'symlink', 'rm', 'chmod', 'open']) wrap(files, name);
for (const name of [
	'writeSync',
	'mkdirSync',
	'symlinkSync',
	'rmSync',
	'rmdirSync',
	'unlinkSync',
	'renameSync',
]) {
	wrap(fs, name);
}
syncBuiltinESMExports();

// Only now, so that they see what was wrapped.
const { openStore } = await import('../../src/runtime/storage/open-store.ts');
const { loadLibc } = await import('../../src/runtime/sys/libc.ts');
const { layerRequest } = await import('../helpers/container-layer-requests.ts');
const sys = loadLibc();
for (const name of ['mount', 'umount2']) wrap(sys, name);
await using store = await openStore({ sys, graphRoot, runRoot, driver });
const layers = store.containerLayers;
const request = layerRequest('victim', imageId);
counting = true;
await layers.create(request);
await layers.mount(request.id);
await layers.mountImage(imageId, 'victim');
await layers.unmountImage('victim');
await layers.unmount(request.id);
await layers.remove(request.id);
counting = false;
process.stdout.write(`${steps}\n`);
