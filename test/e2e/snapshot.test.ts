import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stopProcess, waitForOutput } from '../helpers/child-process.ts';
import { startTui } from '../helpers/tui.ts';

const rootDir = fileURLToPath(new URL('../../', import.meta.url));
const node = join(rootDir, 'node_modules/.bin/node');
let folder: string;
let fake: ChildProcess;
let endpoint: string;

beforeAll(async () => {
	folder = mkdtempSync(join(tmpdir(), 'criscope-snapshot-'));
	chmodSync(folder, 0o755);
	const socket = join(folder, 'cri.sock');
	endpoint = `unix://${socket}`;
	// A process of its own: spawnSync below stops the world in this one.
	const args = [join(rootDir, 'test/fakes/cri-server.ts'), '--socket', socket, '--pods', '2'];
	fake = spawn('sh', ['-c', 'exec "$0" "$@" 1>&2', node, ...args], { stdio: ['ignore', 'ignore', 'pipe'] });
	await waitForOutput(fake, /(ready)/);
});
afterAll(async () => {
	await stopProcess(fake);
	rmSync(folder, { recursive: true, force: true });
});

function run(
	args: readonly string[],
	env: Readonly<Record<string, string>> = {},
	as: readonly string[] = [],
) {
	const command = [...as, node, join(rootDir, 'dist/main.js'), ...args];
	const { status, stdout, stderr } = spawnSync(command[0] ?? '', command.slice(1), {
		encoding: 'utf8',
		timeout: 30_000,
		env: { PATH: process.env['PATH'], HOME: folder, LANG: 'C.UTF-8', TZ: 'UTC', ...env },
	});
	return { status, stdout, stderr };
}

describe('a snapshot', () => {
	it('is printed where there is no terminal, plain', () => {
		const { status, stdout, stderr } = run(['-r', endpoint]);
		expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
		expect(stdout).toMatch(/^Pods \(2\)$/m);
		expect(stdout).toMatch(/^Containers \(4\)$/m);
		expect(stdout).toMatch(/^Images \(3\)$/m);
		expect(stdout).not.toContain('\x1b');
	});

	it('cuts no image name, and keeps to ASCII where the locale or a flag asks for it', () => {
		expect(run(['-r', endpoint]).stdout).toContain(' registry.k8s.io/pause:3.10 ');
		for (const { stdout } of [run(['-r', endpoint], { LANG: 'C' }), run(['-r', endpoint, '--ascii'])]) {
			expect(stdout).toMatch(/^[\n -~]+$/u);
			expect(stdout).toContain('RuntimeReady . NetworkReady');
		}
	});

	it('says when it could not be written', () => {
		const { status, stderr } = run(['-r', endpoint], {}, ['sh', '-c', 'exec "$0" "$@" > /dev/full']);
		expect({ status, stderr }).toEqual({
			status: 1,
			stderr: expect.stringMatching(/^criscope: cannot write the snapshot: .*no space/),
		});
	});

	it('is one JSON document with --json', () => {
		const { status, stdout } = run(['-r', endpoint, '--once', '--json']);
		expect(status).toBe(0);
		const snapshot = JSON.parse(stdout);
		expect(snapshot).toMatchObject({ runtime: { endpoint, name: 'fake', problem: null } });
		expect(snapshot.pods).toHaveLength(2);
		expect(snapshot.containers).toHaveLength(4);
	});

	it('is printed on a terminal too, with --once', async () => {
		await using tui = startTui({ args: ['-r', endpoint, '--once'], columns: 200, rows: 50 });
		expect(await tui.exit).toMatchObject({ exitCode: 0 });
		expect(tui.screen()).toContain('Pods (2)');
		expect(tui.output().toString()).not.toContain('\x1b');
	});

	it.each([['--once'], ['--json']])('is one sentence and code 1 where nobody is (%s)', (flag) => {
		const missing = `unix://${join(folder, 'none.sock')}`;
		const { status, stdout, stderr } = run(['-r', missing, flag]);
		expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
		expect(stderr).toMatch(/^criscope: cannot [^\n]*\n$/);
		expect(stderr).toContain(missing);
	});

	it('is one sentence and code 1 where nobody listens any more', async () => {
		const path = join(folder, 'dead.sock');
		const script = `require('node:net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`;
		spawnSync(node, ['-e', script]);
		const { status, stdout, stderr } = run(['-r', path, '--once']);
		expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
		expect(stderr).toMatch(/^criscope: cannot [^\n]*dead\.sock[^\n]*\n$/);
	});

	it('is no stack trace where a reader leaves early', () => {
		const command = `"${node}" "${join(rootDir, 'dist/main.js')}" -r ${endpoint} | head -1`;
		const { stdout, stderr } = spawnSync('sh', ['-c', command], { encoding: 'utf8' });
		expect(stdout.split('\n')).toHaveLength(2);
		expect(stderr).toBe('');
	});
});

describe('what is wrong is one sentence', () => {
	it.each([
		[['--nonsense'], /unknown flag "--nonsense"/],
		[['podz'], /unknown command "podz"/],
		[['--theme', 'pink'], /unknown theme "pink"/],
		[['--plain', '--once'], /choose one/],
		[['--config', ''], /--config needs a value/],
	] as const)('for %j, with code 64', (args, sentence) => {
		const { status, stdout, stderr } = run(args);
		expect({ status, stdout }).toEqual({ status: 64, stdout: '' });
		expect(stderr).toMatch(sentence);
		expect(stderr.trimEnd().split('\n')).toHaveLength(1);
	});

	it('names file and line of a bad configuration', () => {
		const path = join(folder, 'bad.toml');
		writeFileSync(path, '[ui]\nmouse = true\ntheme = "pink"\n');
		const { status, stderr } = run(['-r', endpoint, '--once', '--config', path]);
		expect(status).toBe(1);
		expect(stderr).toMatch(/^criscope: cannot use configuration "[^"]*bad\.toml" line 3: [^\n]*\n$/);
	});

	it('names the sudo line or the group where there is no permission', () => {
		const hidden = join(folder, 'hidden.sock');
		const server: Server = createServer().listen(hidden);
		try {
			chmodSync(hidden, 0o600);
			const readable = ['--inh-caps=+dac_read_search', '--ambient-caps=+dac_read_search'];
			const asNobody = ['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups', ...readable];
			const { status, stdout, stderr } = run(['-r', hidden, '--once'], {}, asNobody);
			expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
			expect(stderr).toMatch(/^criscope: no permission to open [^\n]*run "sudo criscope[^\n]*\n$/);
		} finally {
			server.close();
		}
	});
});

it('says on stderr which of several sockets it took', () => {
	// A mount namespace of its own, so that the sockets of this machine are left alone.
	const script = `
		mount -t tmpfs none /run
		mkdir -p /run/containerd /run/crio
		touch /run/containerd/containerd.sock /run/crio/crio.sock
		mount --bind ${folder}/cri.sock /run/containerd/containerd.sock
		mount --bind ${folder}/cri.sock /run/crio/crio.sock
		exec "$0" "$@"`;
	mkdirSync(join(folder, 'empty'), { recursive: true });
	const { status, stdout, stderr } = run(['--once'], {}, ['unshare', '-m', 'sh', '-ec', script]);
	expect(stdout).toContain('Pods (2)');
	expect(status).toBe(0);
	expect(stderr).toMatch(
		/^criscope: using unix:\/\/\/run\/\S+ \(the usual socket of [^)]+\); also found unix:\/\/\S+/,
	);
});
