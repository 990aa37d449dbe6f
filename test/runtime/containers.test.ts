/** Containers on the real parts: their lives and ends, logs, commands, limits, measurements and events. */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
	DeadlineError,
	FailedPreconditionError,
	InvalidArgumentError,
	NotFoundError,
} from '../../src/cri/errors.ts';
import { openStreamingSession } from '../../src/cri/streaming/open-session.ts';
import { eventually } from '../helpers/child-process.ts';
import { nothing, type Pod, type PodRig, privatePids, startPodRig } from '../helpers/pod-rig.ts';
import { whatIsMissing } from '../helpers/requires.ts';

const missing = whatIsMissing('root', 'docker-registry', '/bin/busybox', 'conmon', 'runc');

describe.skipIf(missing)(`containers${missing ?? ''}`, () => {
	let rig: PodRig;
	let pod: Pod;
	beforeAll(async () => {
		rig = await startPodRig('containers');
		pod = await rig.pod();
	});
	afterAll(async () => {
		await rig?.serve.client().runtime.removePodSandbox(pod.id);
		expect(rig?.leftovers()).toEqual(nothing);
		await rig?.stop();
	});
	const runtime = () => rig.serve.client().runtime;
	const status = (id: Parameters<Pod['ended']>[0]) => runtime().containerStatus(id, { verbose: false });

	test('are created, running and exited, with the times and the code', async () => {
		const id = await pod.create('sleep 0.2; exit 7');
		expect(await status(id)).toMatchObject({ state: 'created', startedAtNanos: undefined, exitCode: 0 });
		await runtime().startContainer(id);
		expect(await status(id)).toMatchObject({ state: 'running', finishedAtNanos: undefined });
		await expect(runtime().startContainer(id)).rejects.toThrow(/it is running/);
		const end = await pod.ended(id);
		expect(end).toMatchObject({ exitCode: 7, reason: 'Error' });
		expect(end.createdAtNanos).toBeLessThan(end.startedAtNanos ?? 0n);
		expect(end.startedAtNanos).toBeLessThan(end.finishedAtNanos ?? 0n);
		await expect(runtime().startContainer(id)).rejects.toThrow(FailedPreconditionError);
		await runtime().removeContainer(id);
		await runtime().removeContainer(id);
		await expect(status(id)).rejects.toThrow(NotFoundError);
	});

	test('are found by a prefix of their id, and listed by filter', async () => {
		const id = await pod.create('true', { labels: { a: 'b' } });
		expect((await runtime().containerStatus(id.slice(0, 20) as typeof id, { verbose: false })).id).toBe(id);
		const listed = async (filter: object) => (await runtime().listContainers(filter)).map((one) => one.id);
		expect(await listed({ id: id.slice(0, 20) })).toEqual([id]);
		expect(await listed({ labelSelector: { a: 'b' } })).toEqual([id]);
		expect(await listed({ podSandboxId: pod.id, state: 'created' })).toEqual([id]);
		expect(await listed({ id: 'f'.repeat(64) })).toEqual([]);
		await runtime().removeContainer(id);
	});

	test('end well, by a signal, and by force, each with its own words', async () => {
		const well = await pod.run('exit 0');
		expect(await pod.ended(well)).toMatchObject({ exitCode: 0, reason: 'Completed' });
		const heeds = await pod.run('trap "exit 3" TERM; while :; do sleep 0.05; done');
		await runtime().stopContainer(heeds, 10);
		expect(await status(heeds)).toMatchObject({ state: 'exited', exitCode: 3 });
		const deaf = await pod.run('trap "" TERM; while :; do sleep 1; done');
		const patient = runtime().stopContainer(deaf, 3600);
		await runtime().stopContainer(deaf, 0);
		await patient;
		expect(await status(deaf)).toMatchObject({ state: 'exited', exitCode: 137 });
		await runtime().stopContainer(deaf, 0);
		for (const id of [well, heeds, deaf]) await runtime().removeContainer(id);
	});

	test('that use too much memory are killed, and say so', async () => {
		const limits = { resources: { memoryLimitInBytes: '16777216', memorySwapLimitInBytes: '16777216' } };
		const id = await pod.run('dd if=/dev/zero of=/dev/null bs=64M', { linux: { ...privatePids, ...limits } });
		expect(await pod.ended(id)).toMatchObject({ exitCode: 137, reason: 'OOMKilled' });
		await runtime().removeContainer(id);
	});

	test('keep their logs over a rotation', async () => {
		const id = await pod.run('while :; do echo tick; sleep 0.05; done');
		const { logPath } = await status(id);
		await eventually('a line', () => readFileSync(logPath, 'utf8').includes('stdout F tick'));
		renameSync(logPath, `${logPath}.1`);
		await runtime().reopenContainerLog(id);
		await eventually('a line in the new file', () => readFileSync(logPath, 'utf8').includes('tick'));
		await runtime().removeContainer(id);
		await expect(runtime().reopenContainerLog(id)).rejects.toThrow(NotFoundError);
	});

	test('run commands to their end, with output, code and a limit of time', async () => {
		const id = await pod.run('sleep 1000');
		const exec = (command: readonly string[], timeoutSeconds = 20) =>
			runtime().execSync({ containerId: id, command, timeoutSeconds });
		const said = await exec(['sh', '-c', 'echo out; echo err >&2; exit 5']);
		expect([Buffer.from(said.stdout).toString(), Buffer.from(said.stderr).toString(), said.exitCode]).toEqual(
			['out\n', 'err\n', 5],
		);
		await expect(exec(['sleep', '4321'], 1)).rejects.toThrow(DeadlineError);
		expect(await pod.sh(id, 'ps -o args')).not.toContain('4321');
		await expect(exec(['/no/such'])).rejects.toThrow('/no/such');
		await expect(exec([])).rejects.toThrow(InvalidArgumentError);
		await runtime().removeContainer(id);
		await expect(exec(['true'])).rejects.toThrow(NotFoundError);
	});

	test.each(['spdy', 'websocket'] as const)('stream commands over %s', async (transport) => {
		const id = await pod.run('sleep 1000');
		const streams = { tty: false, stdin: true, stdout: true, stderr: false };
		const url = await runtime().exec({ containerId: id, command: ['sh', '-c', 'cat; exit 4'], ...streams });
		let text = '';
		const session = await openStreamingSession({
			url,
			transport,
			...streams,
			halfCloseStdin: true,
			onStdout: (bytes) => {
				text += Buffer.from(bytes).toString();
			},
			onStderr: () => undefined,
		});
		session.write(Buffer.from('hello'));
		await session.endStdin();
		expect(await session.exited).toMatchObject({ exitCode: 4 });
		expect(text).toBe('hello');
		await runtime().removeContainer(id);
	});

	test('have the mounts, the user and the environment that they ask for', async () => {
		const source = path.join(rig.dir, 'volume');
		mkdirSync(source, { recursive: true });
		writeFileSync(path.join(source, 'file'), 'from the host\n');
		const id = await pod.run('sleep 1000', {
			envs: [{ key: 'WORD', value: Buffer.from('grün') }],
			mounts: [{ containerPath: '/volume', hostPath: source, readonly: true }],
			linux: {
				securityContext: {
					...privatePids.securityContext,
					runAsUser: { value: '1234' },
					runAsGroup: { value: '99' },
					supplementalGroups: ['5'],
				},
			},
		});
		expect(
			await pod.sh(id, 'cat /volume/file; echo $WORD; id -u; id -G; touch /volume/x 2>&1 | tail -c 22'),
		).toBe('from the host\ngrün\n1234\n99 5\nRead-only file system\n');
		const told = await status(id);
		expect(told.user).toEqual({ uid: 1234n, gid: 99n, supplementalGroups: expect.arrayContaining([5n]) });
		expect(told.mounts).toMatchObject([{ containerPath: '/volume', hostPath: source, readonly: true }]);
		await runtime().removeContainer(id);
	});

	test('are measured, and have their limits changed', async () => {
		const id = await pod.run('while :; do :; done');
		await eventually(
			'usage',
			async () => ((await runtime().containerStats(id)).cpu?.usageCoreNanos ?? 0n) > 0n,
		);
		const stats = await runtime().containerStats(id);
		expect(stats.memory?.workingSetBytes).toBeGreaterThan(0n);
		expect(stats.writableLayer?.usedBytes).toBeGreaterThan(0n);
		expect((await runtime().listContainerStats({ id })).map((one) => one.id)).toEqual([id]);
		const podStats = await runtime().podSandboxStats(pod.id);
		expect(podStats.containers.map((one) => one.id)).toContain(id);
		expect(podStats.defaultInterface?.rxBytes).toBeGreaterThanOrEqual(0n);
		const unset = { cpusetCpus: '', cpusetMems: '', unified: {} };
		const resources = {
			...unset,
			cpuPeriodMicros: undefined,
			cpuQuotaMicros: undefined,
			cpuShares: 300n,
			memoryLimitBytes: 64n << 20n,
			memorySwapLimitBytes: undefined,
			oomScoreAdj: undefined,
		};
		await runtime().updateContainerResources(id, resources);
		expect((await status(id)).resources).toMatchObject({ cpuShares: 300n, memoryLimitBytes: 64n << 20n });
		const tooLittle = { ...resources, memoryLimitBytes: 4096n };
		await expect(runtime().updateContainerResources(id, tooLittle)).rejects.toThrow(InvalidArgumentError);
		await runtime().removeContainer(id);
	});

	test('tell their lives to those who listen', async () => {
		const leave = new AbortController();
		const told: string[] = [];
		let listening = false;
		const reading = (async () => {
			for await (const event of runtime().containerEvents({ signal: leave.signal })) {
				listening = true;
				told.push(`${event.containerId} ${event.type}`);
			}
		})().catch(() => undefined);
		// The stream says nothing when it is ready: a pod's own events tell.
		const probe = await eventually('the stream', async () => {
			const one = await rig.pod();
			await runtime().removePodSandbox(one.id);
			return listening && one;
		});
		expect(probe).toBeDefined();
		const id = await pod.run('exit 0');
		await pod.ended(id);
		await runtime().removeContainer(id);
		const own = () => told.filter((line) => line.startsWith(id)).map((line) => line.split(' ')[1]);
		await eventually('the last event', () => own().length === 4);
		expect(own()).toEqual(['created', 'started', 'stopped', 'deleted']);
		leave.abort();
		await reading;
	});

	test.each([
		[
			'an image that is not here',
			{ image: { image: 'localhost/none:1' } },
			NotFoundError,
			'must be pulled first',
		],
		['a program that is not there', { command: ['/no/such/program'] }, Error, '/no/such/program'],
		[
			'privileges that its pod has not',
			{ linux: { securityContext: { privileged: true } } },
			InvalidArgumentError,
			'privileged',
		],
		['too little memory', { linux: { resources: { memoryLimitInBytes: '1000' } } }, Error, 'memory'],
		[
			'an unknown capability',
			{ linux: { securityContext: { capabilities: { addCapabilities: ['NOPE'] } } } },
			InvalidArgumentError,
			'NOPE',
		],
	])('are refused with %s, and leave nothing', async (_what, options, kind, words) => {
		const before = rig.leftovers();
		const asked = pod.create('true', options);
		await expect(asked).rejects.toThrow(kind);
		await expect(asked).rejects.toThrow(words);
		expect(rig.leftovers()).toEqual(before);
	});

	test('checkpoints are refused with a sentence', async () => {
		const id = await pod.create('true');
		const asked = runtime().checkpointContainer({ containerId: id, location: '/x', timeoutSeconds: 1n });
		await expect(asked).rejects.toThrow('does not use CRIU');
		await runtime().removeContainer(id);
	});
});
