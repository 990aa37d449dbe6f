import { existsSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, onTestFinished, test, vi } from 'vitest';
import { watchExits } from '../../src/runtime/oci/exit-watcher.ts';
import { openOciRig, type RigContainer } from '../helpers/oci-rig.ts';

const patient = { timeout: 15_000, interval: 20 };

async function rig() {
	const opened = await openOciRig();
	onTestFinished(() => opened[Symbol.asyncDispose]());
	return opened;
}

test('a container is created, started, ends with its code and is deleted', async () => {
	const { processes, prepare } = await rig();
	const container = prepare(['sh', '-c', 'echo out; echo err >&2; exit 7']);
	const { id, handler, paths, request } = container;
	const placed: number[] = [];
	const created = await processes.create({ ...request, placeMonitor: (pid) => void placed.push(pid) });
	expect(placed).toHaveLength(1);
	expect(processes.isAlive(created.init)).toBe(true);
	expect(processes.isAlive(created.monitor)).toBe(true);
	expect(processes.isAlive({ ...created.init, startTimeTicks: 1n })).toBe(false);
	expect(await processes.state(id, handler)).toEqual({ status: 'created', pid: created.init.pid });
	expect(processes.readExit(id, paths)).toBeUndefined();
	expect(container.logLines()).toEqual([]);
	const beforeNanos = BigInt(Date.now()) * 1_000_000n;
	await processes.start(id, handler);
	const exit = await exitOf(container);
	expect(exit).toMatchObject({ exitCode: 7, oomKilled: false });
	expect(exit.finishedAtNanos).toBeGreaterThan(beforeNanos - 100_000_000n);
	await vi.waitFor(() => expect(processes.isAlive(created.monitor)).toBe(false), patient);
	expect(container.logLines()).toEqual(['stdout F out', 'stderr F err']);
	expect(await processes.state(id, handler)).toEqual({ status: 'stopped', pid: 0 });
	await expect(processes.start(id, handler)).rejects.toThrow(/cannot start container "rig\w+": cannot start/);
	await processes.kill(id, handler, 'TERM');
	await processes.delete(id, handler);
	expect(await processes.state(id, handler)).toBeUndefined();
	// Twice over, and of one that never was.
	await processes.delete(id, handler);
	await processes.kill(id, handler, 'KILL');
	await processes.kill('nobody', handler, 'KILL', { all: true });
	await expect(processes.kill(id, handler, 'SIGNOPE')).rejects.toThrow(/there is no signal "SIGNOPE"$/);
	expect(await processes.list(handler)).toEqual([]);

	async function exitOf({ id: of, paths: at }: RigContainer) {
		return vi.waitFor(() => {
			const found = processes.readExit(of, at);
			if (found === undefined) throw new Error('no exit yet');
			return found;
		}, patient);
	}
});

test('signals end it with 128 and their number, and the exits are told', async () => {
	const { processes, run, dir } = await rig();
	const exits: string[] = [];
	const first = await run(['sleep', '1000']);
	await processes.kill(first.id, first.handler, 'SIGKILL');
	await vi.waitFor(() => expect(processes.readExit(first.id, first.paths)?.exitCode).toBe(137), patient);
	await using watcher = watchExits(path.join(dir, 'exits'), { log: () => undefined });
	watcher.onExit((id) => void exits.push(id));
	await vi.waitFor(() => expect(exits).toEqual([first.id]), patient);
	const second = await run(['sh', '-c', 'trap "exit 3" 37; echo ready; while true; do sleep 0.05; done']);
	await vi.waitFor(() => expect(second.logLines()).toEqual(['stdout F ready']), patient);
	await processes.kill(second.id, second.handler, 'SIGRTMIN+3');
	await vi.waitFor(() => expect(exits).toEqual([first.id, second.id]), patient);
	expect(processes.readExit(second.id, second.paths)?.exitCode).toBe(3);
	expect((await processes.list(first.handler)).toSorted()).toEqual([first.id, second.id].toSorted());
});

test('a container that takes too much memory is told as OOM-killed', async () => {
	const { processes, run } = await rig();
	const { id, paths } = await run(['dd', 'if=/dev/zero', 'of=/dev/null', 'bs=100000000', 'count=1'], {
		memoryLimitBytes: 12 * 2 ** 20,
	});
	await vi.waitFor(() => expect(processes.readExit(id, paths)?.exitCode).toBe(137), patient);
	expect(processes.readExit(id, paths)?.oomKilled).toBe(true);
});

test('logs have the CRI format, with partial lines and terminals', async () => {
	const { run, processes } = await rig();
	const partial = await run(['sh', '-c', 'yes 0123456789 | tr -d "\\n" | head -c 20000; echo; echo -n open']);
	const terminal = await run(['sh', '-c', 'echo shown; tty >&2; [ -t 0 ] && echo is-tty'], {
		terminal: true,
	});
	for (const { id, paths } of [partial, terminal]) {
		await vi.waitFor(() => expect(processes.readExit(id, paths)).toBeDefined(), patient);
	}
	const lines = partial.logLines();
	expect(lines.at(-1)).toBe('stdout P open');
	expect(lines.filter((line) => line.startsWith('stdout P '))).not.toHaveLength(1);
	const joined = lines
		.slice(0, -1)
		.map((line) => line.slice('stdout P '.length))
		.join('');
	expect(joined).toHaveLength(20_000);
	expect(terminal.logLines()).toContain('stdout F shown\r');
	expect(terminal.logLines()).toContain('stdout F is-tty\r');
	expect(readFileSync(partial.paths.logPath, 'utf8')).toMatch(
		/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}(Z|[+-]\d\d:\d\d) /,
	);
});

test('a log is opened again after it was moved away', async () => {
	const { run, processes } = await rig();
	const { paths, id, handler } = await run([
		'sh',
		'-c',
		'i=0; while true; do i=$((i+1)); echo line $i; sleep 0.01; done',
	]);
	await vi.waitFor(() => expect(readFileSync(paths.logPath, 'utf8')).toContain('line 3'), patient);
	renameSync(paths.logPath, `${paths.logPath}.1`);
	await processes.reopenLog(paths);
	await vi.waitFor(() => expect(statSync(paths.logPath).size).toBeGreaterThan(0), patient);
	await processes.kill(id, handler, 'KILL');
	await vi.waitFor(() => expect(processes.readExit(id, paths)).toBeDefined(), patient);
	const both = readFileSync(`${paths.logPath}.1`, 'utf8') + readFileSync(paths.logPath, 'utf8');
	const numbers = [...both.matchAll(/line (\d+)$/gm)].map(([, digits]) => Number(digits));
	expect(numbers).toEqual(numbers.map((_, index) => index + 1));
	await vi.waitFor(
		() => expect(processes.reopenLog(paths)).rejects.toThrow(/its conmon does not run any more/),
		patient,
	);
});

test('limits of a running container are changed', async () => {
	const { run, processes } = await rig();
	const { id, handler } = await run(['sleep', '1000'], { memoryLimitBytes: 32 * 2 ** 20 });
	await processes.update(id, handler, { memory: { limit: 64 * 2 ** 20 }, cpu: { shares: 512 } });
	expect(readFileSync(`/sys/fs/cgroup/memory/criscope-rig/${id}/memory.limit_in_bytes`, 'utf8').trim()).toBe(
		String(64 * 2 ** 20),
	);
	await expect(processes.update('nobody', handler, {})).rejects.toThrow(
		'cannot update container "nobody": container does not exist',
	);
});

test('conmon that is killed leaves a container that runs, can be ended, and has an exit code', async () => {
	const { prepare, processes } = await rig();
	const { id, handler, request, paths } = prepare(['sleep', '1000']);
	const { init, monitor } = await processes.create(request);
	await processes.start(id, handler);
	process.kill(monitor.pid, 'SIGKILL');
	await vi.waitFor(() => expect(processes.isAlive(monitor)).toBe(false), patient);
	expect(processes.isAlive(init)).toBe(true);
	await expect(processes.attach(paths)).rejects.toThrow(/its conmon does not run any more/);
	await processes.kill(id, handler, 'KILL');
	await vi.waitFor(() => expect(processes.isAlive(init)).toBe(false), patient);
	// Whoever is orphaned comes to us, and is waited for.
	await vi.waitFor(
		() => expect(existsSync(`/proc/${monitor.pid}`) || existsSync(`/proc/${init.pid}`)).toBe(false),
		patient,
	);
	// Nor is its exit lost.
	await vi.waitFor(() => expect(processes.readExit(id, paths)?.exitCode).toBe(137), patient);
});

test('init that is killed from outside is told as any other exit', async () => {
	const { prepare, processes } = await rig();
	const { id, handler, request, paths } = prepare(['sleep', '1000']);
	const { init } = await processes.create(request);
	await processes.start(id, handler);
	process.kill(init.pid, 'SIGKILL');
	await vi.waitFor(() => expect(processes.readExit(id, paths)?.exitCode).toBe(137), patient);
	expect(processes.isAlive(init)).toBe(false);
});

test('crun runs the basic ones by handler', async () => {
	const { crun, run, processes } = await rig();
	const handler = await crun();
	const { id, paths, execProcess, logLines } = await run(['sh', '-c', 'echo by crun; sleep 1000'], {
		handler,
	});
	expect((await processes.state(id, handler))?.status).toBe('running');
	expect(await processes.list(handler)).toEqual([id]);
	const outcome = await processes.execSync({
		id,
		handler,
		paths,
		process: execProcess(['sh', '-c', 'echo hi; exit 5']),
		systemdCgroup: false,
		timeoutMs: 10_000,
	});
	expect(outcome).toEqual({
		kind: 'exited',
		exitCode: 5,
		stdout: Buffer.from('hi\n'),
		stderr: Buffer.alloc(0),
	});
	await using shell = await processes.exec({
		...{ id, handler, paths, systemdCgroup: false, stdin: true },
		process: execProcess(['sh', '-c', 'readlink /proc/self/fd/0; exit 6'], { terminal: true }),
	});
	expect([await text(shell.stdout), await shell.exited]).toEqual([
		expect.stringMatching(/^\/dev\/pts\/\d\r\n$/),
		{ exitCode: 6 },
	]);
	await vi.waitFor(() => expect(logLines()).toEqual(['stdout F by crun']), patient);
	await processes.kill(id, handler, 'KILL');
	await vi.waitFor(() => expect(processes.readExit(id, paths)?.exitCode).toBe(137), patient);
	await processes.delete(id, handler);
	expect(await processes.state(id, handler)).toBeUndefined();
	await processes.delete(id, handler);
	await processes.kill(id, handler, 'TERM');
});

test('what cannot be created leaves nothing, and the runtime’s own words are told', async () => {
	const { prepare, processes, processesLeft, runc } = await rig();
	const missing = prepare(['no-such-program']);
	await expect(processes.create(missing.request)).rejects.toThrow(
		/^cannot create container "rig\w+": .*exec: "no-such-program": executable file not found in \$PATH$/,
	);
	const bad = prepare(['true'], { changeSpec: () => ({ ociVersion: '1.0.2' }) });
	await expect(processes.create(bad.request)).rejects.toThrow(/cannot create container/);
	const garbage = prepare(['true']);
	writeFileSync(path.join(garbage.paths.bundleDir, 'config.json'), '{');
	await expect(processes.create(garbage.request)).rejects.toThrow(/unexpected (EOF|end)/);
	const noConmon = prepare(['true']);
	const handler = { ...runc, monitorPath: '/nonexistent/conmon' };
	await expect(processes.create({ ...noConmon.request, handler })).rejects.toThrow(
		/cannot run "\/nonexistent\/conmon": there is no such program/,
	);
	const noRuntime = prepare(['true']);
	await expect(
		processes.create({ ...noRuntime.request, handler: { ...runc, path: '/nonexistent/runc' } }),
	).rejects.toThrow(/cannot create container/);
	const unplaced = prepare(['true']);
	const placeMonitor = (): void => {
		throw new Error('no room in the cgroup');
	};
	await expect(processes.create({ ...unplaced.request, placeMonitor })).rejects.toThrow(
		'no room in the cgroup',
	);
	expect(processesLeft()).toEqual([]);
	expect(await processes.list(runc)).toEqual([]);
	for (const { paths, id } of [unplaced, missing, bad, garbage, noConmon, noRuntime]) {
		for (const file of ['pidfile', 'conmon-pidfile', 'attach', 'ctl']) {
			expect(existsSync(path.join(paths.bundleDir, file)), `${id}/${file}`).toBe(false);
		}
		expect(existsSync(path.join(paths.exitsDir, id))).toBe(false);
		expect(existsSync(path.join(paths.attachDir, id))).toBe(false);
	}
});

test('a runtime that hangs is given up in time, and on abort, without leftovers', async () => {
	const { prepare, processes, processesLeft, dir, runc } = await rig();
	const hanging = path.join(dir, 'hanging-runc');
	writeFileSync(
		hanging,
		`#!/bin/sh\ncase "$*" in *create*) sh -c 'sleep 300; true' ${dir} & sh -c 'sleep 301; true' ${dir};; esac\nexec /usr/sbin/runc "$@"\n`,
		{ mode: 0o755 },
	);
	const handler = { ...runc, path: hanging };
	const late = prepare(['sleep', '1000'], { timeoutMs: 300, handler });
	await expect(processes.create(late.request)).rejects.toThrow(/no answer within 300 ms/);
	expect(processesLeft()).toEqual([]);
	const aborted = prepare(['sleep', '1000'], { handler });
	const abort = new AbortController();
	const creating = processes.create(aborted.request, { signal: abort.signal });
	await vi.waitFor(
		() => expect(existsSync(path.join(aborted.paths.bundleDir, 'conmon-pidfile'))).toBe(true),
		patient,
	);
	abort.abort(new Error('given up'));
	await expect(creating).rejects.toThrow('given up');
	expect(processesLeft()).toEqual([]);
	expect(existsSync(path.join(aborted.paths.bundleDir, 'conmon-pidfile'))).toBe(false);
});
