/** Pods and containers by the dozen, and containers that do not want to end: afterwards nothing is left on the host. */
import { existsSync, readFileSync, readlinkSync } from 'node:fs';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { eventually } from '../helpers/child-process.ts';
import { cgroupsOf, descriptorKinds, processSize } from '../helpers/pod-host.ts';
import { whatIsMissing } from '../helpers/requires.ts';
import { openTortureRig, type TortureRig, torturePidsLimit } from '../helpers/torture-rig.ts';

const missing = whatIsMissing(
	'root',
	'runc',
	'conmon',
	'ip',
	'iptables',
	'/usr/lib/cni/bridge',
	'/bin/busybox',
);
const podsAtOnce = Number(process.env['CRISCOPE_TORTURE_PODS'] ?? 12);
const cycles = Number(process.env['CRISCOPE_TORTURE_CYCLES'] ?? 20);
const untilTold = 'trap "exit 0" TERM; sleep 1000 & wait';

describe.skipIf(missing)(`pods under torture${missing ?? ''}`, () => {
	let rig: TortureRig;
	beforeAll(async () => {
		rig = await openTortureRig('many');
	});
	afterEach(() => rig.nothingLeft());
	afterAll(() => rig?.close());

	let count = 0;
	/** A pod with one container that has been started. */
	async function running(script: string, more: object = {}) {
		count += 1;
		const name = `p${count}`;
		const pod = await rig.runPod(name);
		const id = await rig.createContainer(pod, name, 'main', script, more);
		await rig.start(id);
		return { pod, id };
	}

	test(`${podsAtOnce} pods at once leave nothing`, { timeout: 300_000 }, async () => {
		const pods = await Promise.all(Array.from({ length: podsAtOnce }, () => running(untilTold)));
		const { containers } = await rig.serve.cri.runtime<{ containers: { state: string }[] }>('ListContainers');
		expect(containers.filter(({ state }) => state === 'CONTAINER_RUNNING')).toHaveLength(podsAtOnce);
		const addresses = rig.leftovers().filter((line) => line.startsWith('address'));
		expect(new Set(addresses).size).toBe(podsAtOnce);
		await Promise.all(pods.map(({ pod }) => rig.removePod(pod)));
		const { items } = await rig.serve.cri.runtime<{ items: object[] }>('ListPodSandbox');
		expect(items).toEqual([]);
	});

	test(`${cycles} cycles cost the runtime nothing`, { timeout: 600_000 }, async () => {
		const pod = await rig.runPod('cycles');
		const cycle = async (index: number) => {
			const id = await rig.createContainer(pod, 'cycles', `c${index}`, untilTold);
			await rig.start(id);
			const { stdout } = await rig.serve.cri.runtime<{ stdout: Buffer }>('ExecSync', {
				container_id: id,
				cmd: ['echo', 'in'],
				timeout: 30,
			});
			expect(String(stdout)).toBe('in\n');
			await rig.stop(id, 5);
			expect((await rig.status(id)).exit_code).toBe(0);
			await rig.remove(id);
		};
		for (let index = 0; index < 5; index += 1) await cycle(index);
		const before = processSize(rig.serve.pid());
		const kinds = descriptorKinds(rig.serve.pid());
		for (let index = 5; index < 5 + cycles; index += 1) await cycle(index);
		const after = await eventually('descriptors to be given back', () => {
			const now = processSize(rig.serve.pid());
			return now.descriptors <= before.descriptors + 2 ? now : undefined;
		}).catch((error: unknown) => {
			const now = descriptorKinds(rig.serve.pid());
			throw new Error(`${error}\nbefore ${JSON.stringify(kinds)}\nafter ${JSON.stringify(now)}`);
		});
		expect(after.residentBytes - before.residentBytes).toBeLessThan(60e6);
		await rig.removePod(pod);
	});

	test('what ignores SIGTERM is killed after its grace, with its children', async () => {
		const { pod, id } = await running('trap "" TERM; sleep 1000 & sleep 1000 & while :; do sleep 1; done');
		const startedMs = performance.now();
		await rig.stop(id, 1);
		expect(performance.now() - startedMs).toBeGreaterThan(900);
		expect(await rig.status(id)).toMatchObject({ state: 'CONTAINER_EXITED', exit_code: 137 });
		await rig.removePod(pod);
	});

	test('children of one that ends go with it', async () => {
		const { pod, id } = await running('(sleep 1000 &) ; (sleep 1000 &); exit 3');
		expect(await rig.ended(id)).toMatchObject({ exit_code: 3, reason: 'Error' });
		await rig.remove(id);
		await rig.removePod(pod);
	});

	test('a long grace is cut short by a later stop', async () => {
		const { pod, id } = await running('trap "" TERM; while :; do sleep 1; done');
		const long = rig.stop(id, 600);
		await rig.stop(id, 0);
		await long;
		expect((await rig.status(id)).exit_code).toBe(137);
		await rig.removePod(pod);
	});

	test('a fork bomb stays within its pids and can be stopped', { timeout: 120_000 }, async () => {
		const { pod, id } = await running('f() { f | f & }; f; while :; do sleep 1; done');
		const cgroup = cgroupsOf(new Set([id])).filter(
			(dir) => !dir.includes('conmon') && existsSync(path.join(dir, 'pids.max')),
		);
		const read = (name: string) => readFileSync(path.join(cgroup[0] ?? '', name), 'utf8');
		expect(read('pids.max')).toBe(`${torturePidsLimit}\n`);
		await eventually('the bomb to reach its limit', () => /max [1-9]/.test(read('pids.events')));
		expect(Number(read('pids.current'))).toBeLessThanOrEqual(torturePidsLimit);
		await rig.stop(id, 1);
		expect((await rig.status(id)).state).toBe('CONTAINER_EXITED');
		await rig.removePod(pod);
	});

	test('running out of memory is told as such', async () => {
		const { pod, id } = await running('x=a; while :; do x=$x$x; done', {
			linux: { resources: { memory_limit_in_bytes: String(20 << 20) } },
		});
		expect(await rig.ended(id, 30_000)).toMatchObject({ exit_code: 137, reason: 'OOMKilled' });
		await rig.removePod(pod);
	});

	test('SIGKILL to process 1, to conmon and to the holder of a shared PID namespace', async () => {
		const { pod, id } = await running(untilTold);
		process.kill(await rig.initOf(id), 'SIGKILL');
		expect(await rig.ended(id)).toMatchObject({ exit_code: 137, reason: 'Error' });
		await rig.removePod(pod);
		const other = await running(untilTold);
		process.kill(rig.monitorOf(other.id), 'SIGKILL');
		expect((await rig.ended(other.id, 30_000)).exit_code).toBeGreaterThan(0);
		await rig.removePod(other.pod);
		const third = await running(untilTold);
		process.kill(rig.monitorOf(third.id), 'SIGKILL');
		await rig.stop(third.id, 1);
		await rig.remove(third.id);
		await rig.removePod(third.pod);
		const shared = { linux: { security_context: { namespace_options: { pid: 'POD' } } } };
		const sharing = await rig.runPod('sharing', shared);
		const inside = await rig.createContainer(sharing, 'sharing', 'main', untilTold, shared);
		await rig.start(inside);
		process.kill(holderOf(await rig.initOf(inside)), 'SIGKILL');
		expect((await rig.ended(inside)).exit_code).toBe(137);
		await eventually('the pod not to be ready', async () => {
			const { status } = await rig.serve.cri.runtime<{ status: { state: string } }>('PodSandboxStatus', {
				pod_sandbox_id: sharing,
			});
			return status.state === 'SANDBOX_NOTREADY';
		});
		await rig.removePod(sharing);
	});

	/** Process 1 of the PID namespace that a process is in. */
	function holderOf(pid: number): number {
		const { dir } = rig.host;
		const inode = (of: number | string) => /pid:\[\d+\]/.exec(readlinkSync(`/proc/${of}/ns/pid`))?.[0];
		const found = rig
			.leftovers()
			.filter((line) => line.startsWith('process '))
			.map((line) => Number(line.split(' ')[1]))
			.find(
				(one) =>
					inode(one) === inode(pid) && /NSpid:\s+\d+\s+1\n/.test(readFileSync(`/proc/${one}/status`, 'utf8')),
			);
		if (found === undefined) throw new Error(`nobody holds the namespace of ${pid} (${dir})`);
		return found;
	}

	test('logs outlive nothing they should not', async () => {
		const { pod, id } = await running('echo told; exit 0');
		const { log_path: log } = await rig.ended(id);
		expect(log).toBe(path.join(rig.host.dir, 'logs', `p${count}`, 'main.log'));
		expect(readFileSync(log, 'utf8')).toMatch(/stdout F told/);
		await rig.removePod(pod);
		expect(existsSync(path.dirname(log))).toBe(true);
	});
});
