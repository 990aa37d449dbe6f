/**
 * The embedded runtime, started by those who need it. In a mount namespace of the test's own: no socket of this machine is in
 * it, and nothing that is started can reach the machine's store.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually, stopProcess } from '../helpers/child-process.ts';
import { whatIsMissing } from '../helpers/requires.ts';

const rootDir = fileURLToPath(new URL('../../', import.meta.url));
const missing = whatIsMissing('root', 'unshare', 'nsenter', 'setpriv');

describe.skipIf(missing)(`on demand${missing ?? ''}`, () => {
	let dir: string;
	let holder: ChildProcess;
	const at = (name: string) => path.join(dir, name);

	beforeAll(async () => {
		dir = mkdtempSync('/var/tmp/criscope-on-demand-');
		for (const name of ['log', 'lib']) mkdirSync(at(name));
		writeFileSync(
			at('storage.conf'),
			`[storage]\ndriver = "vfs"\ngraphroot = "${at('lib/storage')}"\nrunroot = "/run/storage"\n`,
		);
		writeFileSync(at('read-only.toml'), '[ui]\nread_only = true\n');
		const script = [
			'mount -t tmpfs tmpfs /run',
			`mount --bind ${at('log')} /var/log`,
			`mount --bind ${at('lib')} /var/lib`,
			`touch ${at('ready')}`,
			'exec sleep 600',
		].join(' && ');
		holder = spawn('unshare', ['--mount', '--propagation', 'private', 'sh', '-c', script], {
			stdio: 'ignore',
		});
		await eventually('the namespace to be ready', () => existsSync(at('ready')));
	});
	afterAll(async () => {
		await endRuntimes();
		await stopProcess(holder);
		rmSync(dir, { recursive: true, force: true });
	});

	/** Process ids of all runtimes that came to serve, first to last. */
	function served(): readonly number[] {
		if (!existsSync(at('log/criscope/serve.log'))) return [];
		const lines = readFileSync(at('log/criscope/serve.log'), 'utf8').split('\n');
		return lines
			.filter((line) => line.includes('"msg":"serving"'))
			.map((line) => (JSON.parse(line) as { readonly pid: number }).pid);
	}

	async function endRuntimes(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
		for (const pid of served().filter(isAlive)) {
			process.kill(pid, signal);
			await eventually('the runtime to end', () => !isAlive(pid));
		}
	}

	function inside(
		args: readonly string[],
		{
			as = [],
			env = {},
		}: { readonly as?: readonly string[]; readonly env?: Readonly<Record<string, string>> } = {},
	) {
		const { promise, resolve, reject } = Promise.withResolvers<{
			readonly exitCode: number | null;
			readonly stdout: string;
			readonly stderr: string;
		}>();
		const node = path.join(rootDir, 'node_modules/.bin/node');
		const child = spawn(
			'nsenter',
			[
				'--mount',
				'--target',
				String(holder.pid),
				'--',
				...as,
				node,
				path.join(rootDir, 'dist/main.js'),
				...args,
			],
			{
				stdio: ['ignore', 'pipe', 'pipe'],
				env: {
					PATH: process.env['PATH'] ?? '',
					HOME: '/nonexistent',
					LANG: 'C.UTF-8',
					CONTAINERS_STORAGE_CONF: at('storage.conf'),
					...env,
				},
			},
		);
		let [stdout, stderr] = ['', ''];
		child.stdout.setEncoding('utf8').on('data', (text: string) => {
			stdout += text;
		});
		child.stderr.setEncoding('utf8').on('data', (text: string) => {
			stderr += text;
		});
		child.once('error', reject);
		child.once('close', (exitCode) => resolve({ exitCode, stdout, stderr }));
		return promise;
	}

	test('nothing is started by a snapshot, a read-only session, an ordinary user, or where it is off', async () => {
		const before = served().length;
		const snapshot = await inside(['--once']);
		expect(snapshot.exitCode).toBe(1);
		expect(snapshot.stderr).toMatch(/no container runtime found/);
		const readOnly = await inside(['images', '--config', at('read-only.toml')]);
		expect(readOnly.exitCode).toBe(1);
		expect(readOnly.stderr).toMatch(/a read-only session does not start the embedded runtime/);
		const nobody = await inside(['images'], {
			as: ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'],
		});
		expect(nobody.exitCode).toBe(1);
		expect(nobody.stderr).toMatch(/the embedded runtime needs root: run sudo criscope/);
		const off = await inside(['images'], { env: { CRISCOPE_EMBEDDED: 'off' } });
		expect(off.exitCode).toBe(1);
		expect(off.stderr).not.toMatch(/starting/);
		expect(served().length).toBe(before);
	});

	test('a verb starts it, the next one uses it, and a crash of it is no obstacle', async () => {
		await endRuntimes();
		const before = served().length;
		const first = await inside(['images']);
		expect(first.stderr).toMatch(/starting the embedded runtime/);
		expect(first.exitCode).toBe(0);
		const second = await inside(['images']);
		expect(second).toMatchObject({ exitCode: 0, stderr: '' });
		expect(served().length).toBe(before + 1);
		// The end of the session must not be its own.
		const pid = served().at(-1);
		expect(readFileSync(`/proc/${pid}/cgroup`, 'utf8')).toContain(`/criscope/criscope-runtime-${pid}\n`);
		await endRuntimes('SIGKILL');
		const third = await inside(['--runtime-endpoint', 'embedded', 'images']);
		expect(third.exitCode).toBe(0);
		expect(served().length).toBe(before + 2);
	});

	test('two at once get the same one', async () => {
		await endRuntimes();
		const before = served().length;
		const both = await Promise.all([inside(['images']), inside(['images'])]);
		expect(both.map(({ exitCode }) => exitCode)).toEqual([0, 0]);
		expect(served().length).toBe(before + 1);
	});

	test('what keeps it from starting is told', async () => {
		await endRuntimes();
		writeFileSync(at('broken.conf'), 'no toml');
		const { exitCode, stderr } = await inside(['images'], {
			env: { CONTAINERS_STORAGE_CONF: at('broken.conf') },
		});
		expect(exitCode).toBe(1);
		expect(stderr).toMatch(/cannot start the embedded runtime: .*broken\.conf/);
	});

	test('it leaves by itself when nobody has needed it for a while', async () => {
		await endRuntimes();
		const { exitCode, stderr } = await inside(['serve', '--idle-exit', '1s']);
		expect(exitCode).toBe(0);
		expect(stderr).toMatch(/nobody needs it/);
	});
});

function isAlive(pid: number): boolean {
	if (!existsSync(`/proc/${pid}`)) return false;
	return !/^\d+ \(.*\) Z/s.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
}
