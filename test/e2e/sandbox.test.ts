import { existsSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runProgram } from '../helpers/child-process.ts';
import { type Containerd, startContainerd } from '../helpers/containerd.ts';
import { containerdRequirements, whatIsMissing } from '../helpers/requires.ts';
import { createSamplePods, samplePodCount } from '../helpers/sample-pods.ts';

const missing = whatIsMissing(...containerdRequirements);

/** The stage the other tests play on: when this fails, look here first. */
describe.skipIf(missing !== undefined)(`a containerd of our own${missing ?? ''}`, () => {
	let containerd: Containerd;
	let podIds: ReadonlyMap<string, string>;

	beforeAll(async () => {
		containerd = await startContainerd();
		podIds = await createSamplePods(containerd);
	});
	afterAll(() => containerd?.stop());

	type WireContainer = { id: string; metadata: { name: string; attempt: number }; pod_sandbox_id: string };
	async function statusOf(podName: string, containerName: string) {
		const { containers } = await containerd.cri.runtime<{ containers: readonly WireContainer[] }>(
			'ListContainers',
			{
				filter: { pod_sandbox_id: podIds.get(podName) },
			},
		);
		const own = containers.filter(({ metadata }) => metadata.name === containerName);
		const latest = own.toSorted((a, b) => b.metadata.attempt - a.metadata.attempt)[0];
		const { status } = await containerd.cri.runtime<{
			status: {
				state: string;
				reason: string;
				exit_code: number;
				log_path: string;
				image: { image: string };
			};
		}>('ContainerStatus', { container_id: latest?.id });
		return { ...status, attempt: latest?.metadata.attempt, attemptsKept: own.length };
	}

	test('has every sample pod in its state', async () => {
		const { items } = await containerd.cri.runtime<{
			items: readonly { state: string; metadata: { name: string } }[];
		}>('ListPodSandbox');
		expect(items).toHaveLength(samplePodCount);
		const notReady = items.filter(({ state }) => state !== 'SANDBOX_READY');
		expect(notReady.map(({ metadata }) => metadata.name)).toEqual(['drained-5b9xz']);
		expect(await statusOf('web-7d4b9c6f58-x2x9k', 'web')).toMatchObject({
			state: 'CONTAINER_RUNNING',
			image: { image: 'registry.example.com/shop/web:2.4.1' },
		});
		expect(await statusOf('cache-0', 'cache')).toMatchObject({ reason: 'OOMKilled', exit_code: 137 });
		expect(await statusOf('report-29384757-c8f5d', 'report')).toMatchObject({
			reason: 'Error',
			exit_code: 3,
		});
		expect(await statusOf('migrate-29384756-7xk2p', 'migrate')).toMatchObject({ reason: 'Completed' });
		expect(await statusOf('api-5f6d8b7c9-qqm4z', 'api')).toMatchObject({ attempt: 4, attemptsKept: 2 });
	});

	test('writes the logs of earlier attempts where a kubelet would', async () => {
		const { log_path } = await statusOf('api-5f6d8b7c9-qqm4z', 'api');
		expect(log_path).toMatch(/\/shop_api-5f6d8b7c9-qqm4z_[0-9a-f-]{36}\/api\/4\.log$/);
		const first = readFileSync(log_path.replace(/4\.log$/, '0.log'), 'utf8');
		expect(first).toMatch(/^\S+Z stderr F panic: connection refused$/m);
	});

	test('keeps its containers while the daemon is away', async () => {
		const pid = containerd.pid();
		await containerd.stopDaemon({ hard: true });
		await containerd.startDaemon();
		expect(containerd.pid()).not.toBe(pid);
		expect(await statusOf('web-7d4b9c6f58-x2x9k', 'web')).toMatchObject({ state: 'CONTAINER_RUNNING' });
	});

	test('leaves nothing behind', async () => {
		const { dir, cgroupParent } = containerd;
		const { bridge } = JSON.parse(readFileSync(`${dir}/place.json`, 'utf8'));
		expect(existsSync(`/sys/class/net/${bridge}`)).toBe(true);
		await containerd.stop();
		expect(existsSync(dir)).toBe(false);
		expect(readFileSync('/proc/self/mountinfo', 'utf8')).not.toContain(dir);
		expect(await runProgram('ps', ['-eo', 'args'])).not.toContain(dir);
		expect(existsSync(`/sys/class/net/${bridge}`)).toBe(false);
		expect(existsSync(`/sys/fs/cgroup/pids${cgroupParent}`)).toBe(false);
		expect(await runProgram('iptables', ['-w', '-t', 'nat', '-S'])).not.toContain(bridge);
	});
});
