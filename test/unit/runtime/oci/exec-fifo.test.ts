/** Starts through the fifo, with inits that are shells: named as runc names its own, and waiting as it does. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { hasBecomeProgram, startThroughFifo } from '../../../../src/runtime/oci/exec-fifo.ts';
import { type HandlerConfig, OciRuntimeError } from '../../../../src/runtime/oci/model.ts';
import { readProcStat } from '../../../../src/runtime/sys/proc-stat.ts';
import { tempDir } from '../../../helpers/temp-dir.ts';

const patient = { timeoutMs: 600_000 };
const waiting = 'runc:[2:INIT]';
/** Sleeps without a process of its own. */
const sleeping = 'read line';

/** A container that waits for its start. @param script what its init does; `FIFO` and `DONE` stand for files */
async function setUp(script: string, { name = waiting, state = {} as Record<string, unknown> } = {}) {
	const dir = tempDir();
	const folder = path.join(dir, 'root', 'box');
	mkdirSync(folder, { recursive: true });
	const fifo = path.join(folder, 'exec.fifo');
	execFileSync('mkfifo', [fifo]);
	const done = path.join(dir, 'done');
	const program = path.join(dir, name);
	symlinkSync('/bin/sh', program);
	const text = script.replaceAll('FIFO', fifo).replaceAll('DONE', done);
	const init = spawn(program, ['-c', text], { stdio: ['pipe', 'ignore', 'inherit'] });
	onTestFinished(() => end(init));
	const start = readProcStat(init.pid ?? 0)?.startTimeTicks;
	// Before that it has the name, and looks, of the process that starts it.
	await expect
		.poll(() => readFileSync(`/proc/${init.pid}/comm`, 'utf8'), { timeout: 30_000 })
		.toBe(`${name}\n`);
	const stateFile = path.join(folder, 'state.json');
	const known = { init_process_pid: init.pid, init_process_start: Number(start), config: { Hooks: null } };
	writeFileSync(stateFile, JSON.stringify({ ...known, ...state }));
	const handler: HandlerConfig = {
		name: 'runc',
		path: '/usr/sbin/runc',
		root: path.join(dir, 'root'),
		type: 'oci',
		privilegedWithoutHostDevices: false,
		allowedAnnotations: [],
		monitorPath: '/usr/bin/conmon',
		monitorCgroup: '',
		monitorEnv: [],
		minimumMemoryBytes: 0,
	};
	return { dir, fifo, done, init, handler, stateFile };
}

async function end(child: ChildProcess): Promise<void> {
	if (child.exitCode !== null || child.signalCode !== null) return;
	const ended = once(child, 'exit');
	child.kill('SIGKILL');
	await ended;
}

test('init is let go, and the fifo taken away; a second start is left to the runtime', async () => {
	const { fifo, done, handler, init } = await setUp(`printf 0 > FIFO; : > DONE; ${sleeping}`);
	expect(existsSync(done)).toBe(false);
	expect(await startThroughFifo('box', handler, patient)).toBe(true);
	expect(existsSync(fifo)).toBe(false);
	await expect.poll(() => existsSync(done), { timeout: 30_000 }).toBe(true);
	expect(init.exitCode).toBeNull();
	expect(await startThroughFifo('box', handler, patient)).toBe(false);
});

test('an init that is over as soon as it is let go was started all the same', async () => {
	const { fifo, handler, init } = await setUp('printf 0 > FIFO');
	const ended = once(init, 'exit');
	expect(await startThroughFifo('box', handler, patient)).toBe(true);
	expect(existsSync(fifo)).toBe(false);
	expect((await ended)[0]).toBe(0);
});

test('one that lets a moment pass before it opens its end is waited for', async () => {
	const { handler, init, done } = await setUp('read line; printf 0 > FIFO; : > DONE');
	const started = startThroughFifo('box', handler, patient);
	init.stdin?.write('now\n');
	expect(await started).toBe(true);
	await expect.poll(() => existsSync(done), { timeout: 30_000 }).toBe(true);
});

test('other runtimes have no such fifo', async () => {
	const { handler, fifo, done } = await setUp(`printf 0 > FIFO; : > DONE; ${sleeping}`);
	for (const name of ['crun', 'runsc', 'youki', 'runc-wrapper']) {
		expect(await startThroughFifo('box', { ...handler, path: `/usr/bin/${name}` }, patient)).toBe(false);
	}
	expect(existsSync(fifo)).toBe(true);
	expect(existsSync(done)).toBe(false);
	// By any other handler's name it is runc.
	const special = { ...handler, name: 'special', path: '/opt/special/runc' };
	expect(await startThroughFifo('box', special, patient)).toBe(true);
});

test.each([
	['hooks that run at the start', { config: { Hooks: { poststart: [{ path: '/bin/true' }] } } }],
	['no pid', { init_process_pid: undefined }],
	['a pid of nobody', { init_process_pid: 0 }],
	['a pid that is a text', { init_process_pid: '1' }],
	['no start time', { init_process_start: undefined }],
	['the start time of another process', { init_process_start: 1 }],
])('a state with %s is left to the runtime', async (_, state) => {
	const { handler, fifo, done } = await setUp(`printf 0 > FIFO; : > DONE; ${sleeping}`, { state });
	expect(await startThroughFifo('box', handler, patient)).toBe(false);
	expect(existsSync(fifo)).toBe(true);
	expect(existsSync(done)).toBe(false);
});

test('so is one that cannot be read', async () => {
	const { handler, stateFile } = await setUp(sleeping);
	writeFileSync(stateFile, '{"init_process');
	expect(await startThroughFifo('box', handler, patient)).toBe(false);
	rmSync(stateFile);
	expect(await startThroughFifo('box', handler, patient)).toBe(false);
	expect(await startThroughFifo('nobody', handler, patient)).toBe(false);
});

test('hooks of other stages, and lists without any, are no reason', async () => {
	const { handler } = await setUp(`printf 0 > FIFO; ${sleeping}`, {
		state: { config: { Hooks: { prestart: [{ path: '/bin/true' }], poststart: [] } } },
	});
	expect(await startThroughFifo('box', handler, patient)).toBe(true);
});

test('without a fifo, or with a file in its place, nothing is done', async () => {
	const { handler, fifo, dir } = await setUp(sleeping);
	rmSync(fifo);
	expect(await startThroughFifo('box', handler, patient)).toBe(false);
	writeFileSync(fifo, '0');
	expect(await startThroughFifo('box', handler, patient)).toBe(false);
	expect(readFileSync(fifo, 'utf8')).toBe('0');
	// Nobody but the runtime writes there; a link leads who knows where.
	rmSync(fifo);
	const elsewhere = path.join(dir, 'elsewhere');
	writeFileSync(elsewhere, '0');
	symlinkSync(elsewhere, fifo);
	await expect(startThroughFifo('box', handler, patient)).rejects.toMatchObject({ code: 'ELOOP' });
	expect(existsSync(elsewhere)).toBe(true);
});

test('an init that has ended is left to the runtime, and one that ends while it is waited for is told', async () => {
	const { handler, init, fifo } = await setUp(sleeping);
	const started = startThroughFifo('box', handler, patient);
	const failed = expect(started).rejects.toThrow(OciRuntimeError);
	await end(init);
	await failed;
	await expect(started).rejects.toThrow('cannot start container "box": container process is already dead');
	// What is left is the runtime's to look at.
	expect(existsSync(fifo)).toBe(true);
	expect(await startThroughFifo('box', handler, patient)).toBe(false);
});

test('one that never answers is waited for until the deadline, or as long as somebody wants it', async () => {
	const { handler, fifo } = await setUp(sleeping);
	await expect(startThroughFifo('box', handler, { timeoutMs: 30 })).rejects.toMatchObject({
		name: 'DeadlineError',
		message: 'cannot start container "box": its init did not answer within 30 ms',
	});
	const leaving = new AbortController();
	const started = startThroughFifo('box', handler, { ...patient, signal: leaving.signal });
	leaving.abort(new Error('enough'));
	await expect(started).rejects.toMatchObject({ cause: expect.objectContaining({ message: 'enough' }) });
	await expect(startThroughFifo('box', handler, { ...patient, signal: leaving.signal })).rejects.toThrow(
		'enough',
	);
	expect(existsSync(fifo)).toBe(true);
});

test('one that somebody else has let go has become its program, and its fifo is taken away', async () => {
	const { handler, fifo, init } = await setUp(sleeping, { name: 'program' });
	expect(hasBecomeProgram(init.pid ?? 0)).toBe(true);
	expect(await startThroughFifo('box', handler, patient)).toBe(true);
	expect(existsSync(fifo)).toBe(false);
	await end(init);
	expect(hasBecomeProgram(init.pid ?? 0)).toBe(false);
});
