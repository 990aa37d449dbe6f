/** Other OCI runtimes than the default, chosen by handler: the whole life of containers, and a crash in the midst of it. */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { whatIsMissing } from '../helpers/requires.ts';
import { openTortureRig, type TortureRig } from '../helpers/torture-rig.ts';

const runcPath = ['/usr/sbin/runc', '/usr/bin/runc'].find((file) => existsSync(file));
const parts = ['root', 'runc', 'conmon', 'ip', 'iptables', '/usr/lib/cni/bridge', '/bin/busybox'];
const untilTold = 'trap "exit 7" TERM; echo told; sleep 1000 & wait';

/** Debian's, or one that lies beside the tools of whoever works on this. */
const runsc = ['/usr/bin/runsc', '/usr/local/bin/runsc', '/tmp/tools/gvisor/runsc'].find((file) =>
	existsSync(file),
);

const gvisorScript = path.join(tmpdir(), `criscope-${process.pid}-runsc`);

const runtimes = [
	{ name: 'crun', missing: whatIsMissing(...parts, 'crun'), configuration: '[crio.runtime.runtimes.crun]\n' },
	{
		name: 'runsc',
		missing: whatIsMissing(...parts) ?? (runsc === undefined ? ' [skipped, missing: runsc]' : undefined),
		configuration: `[crio.runtime.runtimes.runsc]\nruntime_path = "${gvisorScript}"\n`,
	},
];

describe.each(runtimes)('handler $name', ({ name, missing, configuration }) => {
	describe.skipIf(missing)(`${missing ?? 'is there'}`, () => {
		let rig: TortureRig;
		beforeAll(async () => {
			// What every kernel and every version of it can do.
			const flags = '--platform=ptrace --network=host';
			writeFileSync(gvisorScript, `#!/bin/sh\nexec ${runsc} ${flags} "$@"\n`, { mode: 0o755 });
			rig = await openTortureRig(name, { configuration });
		});
		afterAll(async () => {
			await rig?.close();
			rmSync(gvisorScript, { force: true });
		});

		test('is told by the status', async () => {
			const { runtime_handlers: handlers } = await rig.serve.cri.runtime<{
				runtime_handlers: { name: string }[];
			}>('Status');
			expect(handlers.map((handler) => handler.name)).toContain(name);
			await expect(rig.runPod('none', {}, `no-${name}`)).rejects.toThrow(/it is not configured; known are/);
		});

		test('containers live, are entered, survive a crash of ours and end with their code', {
			timeout: 120_000,
		}, async () => {
			const pod = await rig.runPod('life', {}, name);
			const [id, fails] = [
				await rig.createContainer(pod, 'life', 'main', untilTold),
				await rig.createContainer(pod, 'life', 'fails', 'exit 3'),
			];
			await rig.start(id);
			await rig.start(fails);
			const run = async (script: string) => {
				const request = { container_id: id, cmd: ['sh', '-c', script], timeout: 30 };
				const reply = await rig.serve.cri.runtime<{ stdout: Buffer; exit_code: number }>('ExecSync', request);
				return `${reply.exit_code} ${reply.stdout}`;
			};
			expect(await run('echo in; exit 5')).toBe('5 in\n');
			// crun cannot open what Node gives a child for stdin.
			if (name === 'crun') {
				await rig.serve.cri.runtime('UpdateContainerResources', {
					container_id: id,
					linux: { memory_limit_in_bytes: 96 * 2 ** 20 },
				});
				const limits = '/sys/fs/cgroup/memory.max /sys/fs/cgroup/memory/memory.limit_in_bytes';
				expect(await run(`cat ${limits} 2>/dev/null; true`)).toBe(`0 ${96 * 2 ** 20}\n`);
			}
			expect(await rig.ended(fails)).toMatchObject({ exit_code: 3, reason: 'Error' });
			expect(readFileSync((await rig.status(id)).log_path, 'utf8')).toMatch(/ stdout F told\n/);
			await rig.crash();
			await rig.serve.start();
			expect((await rig.status(id)).state).toBe('CONTAINER_RUNNING');
			expect(await run('echo again')).toBe('0 again\n');
			await rig.stop(id, 30);
			expect(await rig.status(id)).toMatchObject({ state: 'CONTAINER_EXITED', exit_code: 7 });
			await rig.remove(fails);
			await rig.removePod(pod);
			await rig.nothingLeft();
		});

		test('what ignores SIGTERM is killed, and a pod takes what runs along', {
			timeout: 120_000,
		}, async () => {
			const pod = await rig.runPod('stubborn', {}, name);
			const id = await rig.createContainer(
				pod,
				'stubborn',
				'main',
				'trap "" TERM; while :; do sleep 1; done',
			);
			await rig.start(id);
			await rig.stop(id, 1);
			expect((await rig.status(id)).exit_code).toBe(137);
			const other = await rig.createContainer(pod, 'stubborn', 'other', untilTold);
			await rig.start(other);
			await rig.removePod(pod);
			await rig.nothingLeft();
		});
	});
});

const missing = whatIsMissing(...parts, 'crun');
describe.skipIf(missing)(`another configuration${missing ?? ''}`, () => {
	let rig: TortureRig;
	beforeAll(async () => {
		rig = await openTortureRig('other', {
			configuration: `[crio.runtime.runtimes.special]\nruntime_path = "${runcPath}"\n`,
		});
	});
	afterAll(() => rig?.close());

	test('leaves containers to the handlers that made them, gone or no longer the default', {
		timeout: 120_000,
	}, async () => {
		const [gone, usual] = [await rig.runPod('gone', {}, 'special'), await rig.runPod('usual')];
		const [one, other, third] = [
			await rig.createContainer(gone, 'gone', 'one', untilTold),
			await rig.createContainer(gone, 'gone', 'other', untilTold),
			await rig.createContainer(usual, 'usual', 'third', untilTold),
		];
		for (const id of [one, other, third]) await rig.start(id);
		const init = await rig.initOf(one);
		await rig.crash();
		process.kill(init, 'SIGKILL');
		const dropIn = path.join(rig.host.dir, 'conf.d/10-other.conf');
		const file = path.join(rig.host.dir, 'runtime.conf');
		const [kept = ''] = readFileSync(file, 'utf8').split('[crio.runtime.runtimes.special]');
		writeFileSync(file, kept);
		writeFileSync(dropIn, '[crio.runtime]\ndefault_runtime = "crun"\n');
		await rig.serve.start();
		expect((await rig.ended(one)).exit_code).toBe(137);
		await expect(rig.runPod('new', {}, 'special')).rejects.toThrow(/it is not configured/);
		for (const id of [other, third]) {
			await rig.stop(id, 30);
			expect(await rig.status(id)).toMatchObject({ state: 'CONTAINER_EXITED', exit_code: 7 });
		}
		await rig.removePod(gone);
		await rig.removePod(usual);
		await rig.nothingLeft();
	});
});
