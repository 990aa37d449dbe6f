/** What `npm start` finds out before it installs anything for the embedded runtime. */
import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

const rootDir = path.join(import.meta.dirname, '../..');
const run = promisify(execFile);

/** The plan of `npm start -- ARGS` on a machine whose /run is empty but for what `prepare` puts there. */
async function planOn(prepare: string, args: readonly string[], env: Readonly<Record<string, string>> = {}) {
	const script = `mount -t tmpfs tmpfs /run && ${prepare} && exec "$@"`;
	const program = [process.execPath, path.join(rootDir, 'scripts/plan-embedded.ts'), ...args];
	const { stdout } = await run('unshare', ['--mount', 'sh', '-c', script, 'sh', ...program], {
		env: { PATH: process.env['PATH'], HOME: '/nonexistent', ...env },
	});
	return stdout.trim();
}

const listen = (socket: string) =>
	`mkdir -p ${path.dirname(socket)} && python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind("${socket}")'`;

describe('the plan of npm start for the embedded runtime', () => {
	it('is to start it where the machine has no runtime at all', async () => {
		expect(await planOn('true', [])).toBe('start');
		expect(await planOn('true', ['--plain'])).toBe('start');
		expect(await planOn('true', ['demo'])).toBe('start');
	});

	it('is to leave a node alone that has a runtime, even one that is down', async () => {
		expect(await planOn(listen('/run/containerd/containerd.sock'), [])).toBe('leave');
	});

	it.each([
		['another runtime is named', ['-r', 'unix:///run/other.sock']],
		['nothing may be changed', ['--read-only']],
		['only help is wanted', ['--help']],
		['a snapshot is wanted', ['--once']],
		['the arguments are wrong', ['--nonsense']],
	])('is to leave it where %s', async (_why, args) => {
		expect(await planOn('true', args)).toBe('leave');
	});

	it('is to leave it where it is switched off', async () => {
		expect(await planOn('true', [], { CRISCOPE_EMBEDDED: 'off' })).toBe('leave');
	});
});
