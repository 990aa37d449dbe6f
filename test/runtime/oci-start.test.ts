/** When a container is started without its runtime, and when the runtime itself must do it: by real runc. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import type { HandlerConfig } from '../../src/runtime/oci/model.ts';
import { type OciRig, openOciRig } from '../helpers/oci-rig.ts';

const patient = { timeout: 30_000, interval: 20 };

async function rig() {
	const opened = await openOciRig();
	onTestFinished(() => opened[Symbol.asyncDispose]());
	return opened;
}

/** The runtime behind a script of that name, which notes how it is called. */
function noted({ dir, runc }: OciRig, name: string) {
	const folder = path.join(dir, `noted-${name}`);
	mkdirSync(folder);
	const calls = path.join(folder, 'calls');
	const program = path.join(folder, name);
	writeFileSync(program, `#!/bin/sh\necho "$*" >> ${calls}\nexec ${runc.path} "$@"\n`, { mode: 0o755 });
	const handler: HandlerConfig = { ...runc, path: program };
	const starts = () =>
		readFileSync(calls, 'utf8')
			.split('\n')
			.filter((line) => / start \S+$/.test(line)).length;
	return { handler, starts };
}

test('runc is not called for a start, and what it tells of the container is as if it had been', async () => {
	const opened = await rig();
	const { processes, prepare } = opened;
	const { handler, starts } = noted(opened, 'runc');
	const container = prepare(['sh', '-c', 'echo up; sleep 1000'], { handler });
	await processes.create(container.request);
	const fifo = path.join(handler.root, container.id, 'exec.fifo');
	expect(existsSync(fifo)).toBe(true);
	await processes.start(container.id, handler);
	expect(existsSync(fifo)).toBe(false);
	await vi.waitFor(() => expect(container.logLines()).toEqual(['stdout F up']), patient);
	expect(await processes.state(container.id, handler)).toMatchObject({ status: 'running' });
	expect(starts()).toBe(0);
	// A second start is runc's to refuse, in its own words.
	await expect(processes.start(container.id, handler)).rejects.toThrow(/cannot start/);
	expect(starts()).toBe(1);
});

test('a runtime of another name is called, though it is runc', async () => {
	const opened = await rig();
	const { processes, prepare } = opened;
	const { handler, starts } = noted(opened, 'special');
	const container = prepare(['sh', '-c', 'echo up; sleep 1000'], { handler });
	await processes.create(container.request);
	await processes.start(container.id, handler);
	await vi.waitFor(() => expect(container.logLines()).toEqual(['stdout F up']), patient);
	expect(starts()).toBe(1);
});

test('hooks that run after the start run', async () => {
	const opened = await rig();
	const { processes, prepare, dir } = opened;
	const { handler, starts } = noted(opened, 'runc');
	const mark = path.join(dir, 'hook-ran');
	const hook = { path: '/bin/sh', args: ['sh', '-c', `: > ${mark}`] };
	const changeSpec = (spec: Record<string, unknown>) => ({ ...spec, hooks: { poststart: [hook] } });
	const container = prepare(['sh', '-c', 'echo up; sleep 1000'], { handler, changeSpec });
	await processes.create(container.request);
	await processes.start(container.id, handler);
	await vi.waitFor(() => expect(container.logLines()).toEqual(['stdout F up']), patient);
	// Up to 1.2, runc runs them when it creates the container, and from then on when it starts it.
	expect(existsSync(mark)).toBe(true);
	expect(starts()).toBe(1);
});

test('a container whose init is killed before its start is refused', async () => {
	const opened = await rig();
	const { processes, prepare } = opened;
	const { handler } = noted(opened, 'runc');
	const container = prepare(['sh', '-c', 'echo up'], { handler });
	const { init } = await processes.create(container.request);
	process.kill(init.pid, 'SIGKILL');
	await vi.waitFor(() => expect(processes.isAlive(init)).toBe(false), patient);
	await expect(processes.start(container.id, handler)).rejects.toThrow(/cannot start/);
	expect(container.logLines()).toEqual([]);
});
