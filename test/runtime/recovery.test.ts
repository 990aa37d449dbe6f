/** What a killed or restarted runtime takes over, and what it undoes. */
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { NotFoundError } from '../../src/cri/errors.ts';
import type { ContainerId } from '../../src/cri/ids.ts';
import { eventually } from '../helpers/child-process.ts';
import { nothing, type PodRig, privatePids, startPodRig } from '../helpers/pod-rig.ts';
import { whatIsMissing } from '../helpers/requires.ts';

const missing = whatIsMissing('root', 'docker-registry', '/bin/busybox', 'conmon', 'runc');

describe.skipIf(missing)(`recovery${missing ?? ''}`, () => {
	let rig: PodRig;
	beforeAll(async () => {
		rig = await startPodRig('recovery');
	});
	afterAll(async () => {
		await rig?.ready();
		await rig?.stop();
	});
	const runtime = () => rig.serve.client().runtime;
	const status = (id: ContainerId) => runtime().containerStatus(id, { verbose: true });
	/** SIGKILL to the runtime alone: what runs in it dies, conmon does not. */
	const killServe = async () => {
		const pid = rig.serve.pid();
		process.kill(pid, 'SIGKILL');
		await eventually('the runtime to be gone', () => {
			try {
				return /^\d+ \(.*\) Z/s.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
			} catch {
				return true;
			}
		});
	};
	const pidOf = async (id: ContainerId) =>
		(JSON.parse((await status(id)).info['info'] ?? '{}') as { pid: number }).pid;

	const monitorOf = (id: ContainerId) =>
		Number(
			readdirSync('/proc')
				.filter((pid) => /^\d+$/.test(pid))
				.find((pid) => {
					try {
						const args = readFileSync(`/proc/${pid}/cmdline`, 'latin1');
						return args.includes(`conmon\0-b\0${rig.serve.runRoot}`) && args.includes(id);
					} catch {
						return false;
					}
				}),
		);

	test('containers run on while the runtime is away, and obey the next one', async () => {
		const pod = await rig.pod({ linux: {} });
		const id = await pod.run('i=0; while :; do echo $i; i=$((i+1)); sleep 0.05; done');
		const created = await pod.create('echo made; exit 3');
		const pid = await pidOf(id);
		const before = await runtime().podSandboxStatus(pod.id, { verbose: false });
		await killServe();
		await rig.serve.start();
		await rig.ready();
		expect(await runtime().podSandboxStatus(pod.id, { verbose: false })).toMatchObject({
			state: 'ready',
			ip: before.ip,
		});
		expect(await status(id)).toMatchObject({ state: 'running' });
		expect(await pidOf(id)).toBe(pid);
		expect((await pod.sh(id, 'echo still')).trim()).toBe('still');
		expect(await status(created)).toMatchObject({ state: 'created' });
		await runtime().startContainer(created);
		expect(await pod.ended(created)).toMatchObject({ exitCode: 3 });
		const lines = (await pod.log(id)).trim().split('\n').map(Number);
		expect(lines).toEqual(lines.map((_line, index) => index));
		await runtime().stopContainer(id, 0);
		expect(await status(id)).toMatchObject({ state: 'exited', exitCode: 137 });
		await runtime().removePodSandbox(pod.id);
		expect(rig.leftovers()).toEqual(nothing);
	});

	test('an end that happened meanwhile is told with its true code and time', async () => {
		const pod = await rig.pod();
		const id = await pod.run('while [ ! -e /end ]; do sleep 0.05; done; exit 42');
		const pid = await pidOf(id);
		await killServe();
		writeFileSync(`/proc/${pid}/root/end`, '');
		await eventually('the container to end', () => !readdirSync('/proc').includes(String(pid)));
		// The time is that of conmon's note, which it writes after that.
		await eventually('its end to be noted', () => rig.leftovers()['exits']?.includes(id));
		const endedBefore = BigInt(Date.now()) * 1_000_000n;
		await rig.serve.start();
		await rig.ready();
		const end = await pod.ended(id);
		expect(end).toMatchObject({ exitCode: 42, reason: 'Error' });
		expect(end.finishedAtNanos).toBeLessThanOrEqual(endedBefore + 10_000_000n);
		await runtime().removePodSandbox(pod.id);
		expect(rig.leftovers()).toEqual(nothing);
	});

	test('a monitor gets a control group of its own, by the next runtime where the first was killed too soon', async () => {
		const pod = await rig.pod();
		const ids = [await pod.run('sleep 1000')];
		await killServe();
		await rig.serve.start();
		await rig.ready();
		ids.push(await pod.run('sleep 1000'));
		for (const id of ids) {
			await eventually('the monitor to be in its group', () =>
				readFileSync(`/proc/${monitorOf(id)}/cgroup`, 'utf8').includes(`/criscope-conmon-${id}\n`),
			);
		}
		await runtime().removePodSandbox(pod.id);
		expect(rig.leftovers()).toEqual(nothing);
	});

	test('a container whose conmon was killed is ended, and not with an invented code', async () => {
		const pod = await rig.pod();
		const id = await pod.run('sleep 1000');
		process.kill(monitorOf(id), 'SIGKILL');
		const end = await pod.ended(id);
		expect(end.exitCode).toBe(137);
		await runtime().removePodSandbox(pod.id);
		expect(rig.leftovers()).toEqual(nothing);
	});

	test('whatever was half-made when the runtime was killed is undone', async () => {
		for (const delayMs of [5, 60, 150, 300]) {
			const making = Promise.allSettled(
				[0, 1, 2].map(async () => {
					const pod = await rig.pod();
					await pod.run('sleep 1000');
				}),
			);
			await new Promise((resolve) => setTimeout(resolve, delayMs));
			await killServe();
			await making;
			await rig.serve.start();
			await rig.ready();
			for (const { id } of await runtime().listPodSandbox()) await runtime().removePodSandbox(id);
			await eventually('nothing to be left', () => {
				expect(rig.leftovers(), `killed after ${delayMs} ms`).toEqual(nothing);
				return true;
			});
		}
	});

	test('after another boot containers have ended, their pods are not ready, and can be removed', async () => {
		const pod = await rig.pod();
		const id = await pod.run('sleep 1000');
		const name = pod.config.metadata.name;
		await runtime().stopContainer(id, 0);
		const running = await pod.run('sleep 1000');
		await killServe();
		const records = path.join(rig.serve.graphRoot, 'criscope');
		for (const file of [`sandboxes/${pod.id}`, `containers/${id}`, `containers/${running}`]) {
			const record = path.join(records, file, 'record.json');
			const text = readFileSync(record, 'utf8').replace(/"bootId":"[^"]*"/, '"bootId":"another"');
			writeFileSync(record, text);
		}
		await rig.serve.start();
		await rig.ready();
		expect(await runtime().podSandboxStatus(pod.id, { verbose: false })).toMatchObject({ state: 'notReady' });
		expect(await status(running)).toMatchObject({
			state: 'exited',
			exitCode: 255,
			message: expect.stringContaining('restarted'),
		});
		expect(await status(id)).toMatchObject({ state: 'exited', exitCode: 137 });
		await runtime().removePodSandbox(pod.id);
		expect(rig.leftovers()).toEqual(nothing);
		// Its name is free for the next attempt.
		const next = await rig.pod({ name });
		await runtime().removePodSandbox(next.id);
	});

	test('records that were lost or spoilt take their objects along', async () => {
		const pod = await rig.pod();
		const spoilt = await pod.run('sleep 1000');
		const kept = await pod.run('sleep 1000');
		await killServe();
		writeFileSync(path.join(rig.serve.graphRoot, 'criscope/containers', spoilt, 'record.json'), '');
		await rig.serve.start();
		await rig.ready();
		await expect(status(spoilt)).rejects.toThrow(NotFoundError);
		expect(await status(kept)).toMatchObject({ state: 'running' });
		await killServe();
		const record = path.join(rig.serve.graphRoot, 'criscope/sandboxes', pod.id);
		const aside = `${rig.dir}/aside`;
		mkdirSync(aside, { recursive: true });
		renameSync(record, path.join(aside, pod.id));
		await rig.serve.start();
		await rig.ready();
		await eventually('nothing to be left', () => {
			expect(rig.leftovers()).toEqual(nothing);
			return true;
		});
		rmSync(aside, { recursive: true });
	});

	test('an orderly stop leaves containers running, too', async () => {
		const pod = await rig.pod({ linux: privatePids });
		const id = await pod.run('sleep 1000');
		const pid = await pidOf(id);
		await rig.serve.restart();
		await rig.ready();
		expect(await pidOf(id)).toBe(pid);
		await runtime().removePodSandbox(pod.id);
		expect(rig.leftovers()).toEqual(nothing);
	});
});
