import { describe, expect, test } from 'vitest';
import { containerId, imageId, podSandboxId } from '../../../../src/cri/ids.ts';
import type { ContainerResources } from '../../../../src/cri/model.ts';
import type { CriClient } from '../../../../src/cri/ports.ts';
import { fakeEpochNanos, fakeId } from '../../../fakes/cri-state.ts';
import { connected } from './fake-runtime.ts';

const pod = podSandboxId(fakeId('pod', 0));
const container = containerId(fakeId('container', 0));
const podConfig = { metadata: { name: 'new', uid: 'u', namespace: 'default', attempt: 0 } };
const resources: ContainerResources = {
	cpuPeriodMicros: 100_000n,
	cpuQuotaMicros: 50_000n,
	cpuShares: undefined,
	memoryLimitBytes: 2n ** 40n,
	memorySwapLimitBytes: undefined,
	oomScoreAdj: -5n,
	cpusetCpus: '0-1',
	cpusetMems: '',
	unified: {},
};

/** Every RPC of the protocol once, by the port method that asks it. */
const calls: readonly [rpc: string, call: (client: CriClient) => Promise<unknown>][] = [
	['Version', ({ runtime }) => runtime.version()],
	['Status', ({ runtime }) => runtime.status({ verbose: true })],
	['RuntimeConfig', ({ runtime }) => runtime.runtimeConfig()],
	['UpdateRuntimeConfig', ({ runtime }) => runtime.updateRuntimeConfig({ podCidr: '10.0.0.0/8' })],
	['RunPodSandbox', ({ runtime }) => runtime.runPodSandbox({ config: podConfig, runtimeHandler: '' })],
	['PodSandboxStatus', ({ runtime }) => runtime.podSandboxStatus(pod, { verbose: true })],
	['ListPodSandbox', ({ runtime }) => runtime.listPodSandbox({ state: 'ready' })],
	['StreamPodSandboxes', ({ runtime }) => Array.fromAsync(runtime.streamPodSandboxes())],
	[
		'UpdatePodSandboxResources',
		({ runtime }) => runtime.updatePodSandboxResources({ podSandboxId: pod, overhead: undefined, resources }),
	],
	[
		'CreateContainer',
		({ runtime }) =>
			runtime.createContainer({
				podSandboxId: pod,
				config: {
					metadata: { name: 'c', attempt: 0 },
					image: { image: 'x' },
					linux: { resources: { cpuQuota: 1n } },
				},
				sandboxConfig: podConfig,
			}),
	],
	['StartContainer', ({ runtime }) => runtime.startContainer(container)],
	['ListContainers', ({ runtime }) => runtime.listContainers({ podSandboxId: pod })],
	['StreamContainers', ({ runtime }) => Array.fromAsync(runtime.streamContainers())],
	['ContainerStatus', ({ runtime }) => runtime.containerStatus(container, { verbose: true })],
	['UpdateContainerResources', ({ runtime }) => runtime.updateContainerResources(container, resources)],
	['ReopenContainerLog', ({ runtime }) => runtime.reopenContainerLog(container)],
	[
		'CheckpointContainer',
		({ runtime }) =>
			runtime.checkpointContainer({ containerId: container, location: '/x', timeoutSeconds: 1n }),
	],
	[
		'ExecSync',
		({ runtime }) => runtime.execSync({ containerId: container, command: ['true'], timeoutSeconds: 1 }),
	],
	[
		'Exec',
		({ runtime }) =>
			runtime.exec({
				containerId: container,
				command: ['sh'],
				tty: true,
				stdin: true,
				stdout: true,
				stderr: false,
			}),
	],
	[
		'Attach',
		({ runtime }) =>
			runtime.attach({ containerId: container, tty: false, stdin: false, stdout: true, stderr: true }),
	],
	['PortForward', ({ runtime }) => runtime.portForward({ podSandboxId: pod, ports: [80] })],
	['ContainerStats', ({ runtime }) => runtime.containerStats(container)],
	['ListContainerStats', ({ runtime }) => runtime.listContainerStats()],
	['StreamContainerStats', ({ runtime }) => Array.fromAsync(runtime.streamContainerStats())],
	['PodSandboxStats', ({ runtime }) => runtime.podSandboxStats(pod)],
	['ListPodSandboxStats', ({ runtime }) => runtime.listPodSandboxStats()],
	['StreamPodSandboxStats', ({ runtime }) => Array.fromAsync(runtime.streamPodSandboxStats())],
	['ListMetricDescriptors', ({ runtime }) => runtime.listMetricDescriptors()],
	['ListPodSandboxMetrics', ({ runtime }) => runtime.listPodSandboxMetrics()],
	['StreamPodSandboxMetrics', ({ runtime }) => Array.fromAsync(runtime.streamPodSandboxMetrics())],
	['StopContainer', ({ runtime }) => runtime.stopContainer(container, 1)],
	['RemoveContainer', ({ runtime }) => runtime.removeContainer(container)],
	['StopPodSandbox', ({ runtime }) => runtime.stopPodSandbox(pod)],
	['RemovePodSandbox', ({ runtime }) => runtime.removePodSandbox(pod)],
	['ListImages', ({ images }) => images.listImages()],
	['StreamImages', ({ images }) => Array.fromAsync(images.streamImages())],
	['ImageStatus', ({ images }) => images.imageStatus('none', { verbose: true })],
	['PullImage', ({ images }) => images.pullImage({ image: 'a/b:c', auth: { username: 'u', password: 'p' } })],
	['RemoveImage', ({ images }) => images.removeImage('a/b:c')],
	['ImageFsInfo', ({ images }) => images.imageFsInfo()],
];

test('every RPC is asked by its port method', async () => {
	const { server, client } = await connected();
	for (const [rpc, call] of calls) {
		await call(client);
		expect([rpc, server.callCounts.get(rpc)]).toEqual([rpc, 1]);
	}
	// GetContainerEvents has tests of its own: it does not end.
	expect(calls).toHaveLength(40);
});

describe('answers', () => {
	test('a container list keeps 64-bit times whole', async () => {
		const { client } = await connected({ pods: 1, containers: 5 });
		const containers = await client.runtime.listContainers();
		expect(containers).toHaveLength(5);
		expect(containers[4]).toMatchObject({
			id: fakeId('container', 4),
			podSandboxId: fakeId('pod', 0),
			state: 'exited',
			createdAtNanos: fakeEpochNanos + 4_000_000_000n,
		});
	});

	test('a verbose container status names its pod and its end', async () => {
		const { client } = await connected({ pods: 1, containers: 5 });
		const status = await client.runtime.containerStatus(containerId(fakeId('container', 4)), {
			verbose: true,
		});
		expect(status).toMatchObject({ podSandboxId: pod, exitCode: 137, reason: 'OOMKilled' });
		expect(status.resources?.memoryLimitBytes).toBe(268435456n);
		// The raw answer keeps the protocol's own words, and is there only where it was asked for.
		expect(status.raw?.['status']).toMatchObject({ state: 'CONTAINER_EXITED', resources: { windows: null } });
		const brief = await client.runtime.containerStatus(containerId(fakeId('container', 4)), {
			verbose: false,
		});
		expect(brief.raw).toBeUndefined();
	});

	test('an item that has not changed is the very same object in the next answer', async () => {
		const { server, client } = await connected({ pods: 2, containers: 2 });
		const before = await client.runtime.listContainers();
		server.state.setContainerState(fakeId('container', 1), 'CONTAINER_EXITED');
		const after = await client.runtime.listContainers();
		expect(after.map((item, index) => item === before[index])).toEqual([true, false, true, true]);
		expect(after[1]?.state).toBe('exited');
	});

	test('measurements are whole', async () => {
		const { client } = await connected({ pods: 1, containers: 1 });
		const [stats] = await client.runtime.listContainerStats();
		expect(stats?.memory?.workingSetBytes).toBe(BigInt(Number.parseInt(container.slice(0, 4), 16)) * 4096n);
		expect(stats?.cpu?.timestampNanos).toBeGreaterThan(fakeEpochNanos);
		expect(stats?.cpu?.psi).toBeUndefined();
	});

	test('an image that is not there is undefined', async () => {
		const { client } = await connected();
		expect((await client.images.imageStatus('none', { verbose: false })).image).toBeUndefined();
	});

	test('filters and what they select travel', async () => {
		const { server, client } = await connected({ pods: 2, containers: 5 });
		const exited = await client.runtime.listContainers({ state: 'exited', podSandboxId: pod });
		expect(exited.map(({ id }) => id)).toEqual([fakeId('container', 4)]);
		server.state.removeContainer(fakeId('container', 4));
		expect(await client.runtime.listContainers({ state: 'exited', podSandboxId: pod })).toEqual([]);
	});
});

describe('requests', () => {
	test('limits and bigints arrive as int64', async () => {
		const { server, client } = await connected();
		await client.runtime.updateContainerResources(container, resources);
		expect(server.lastRequests.get('UpdateContainerResources')?.['linux']).toMatchObject({
			memoryLimitInBytes: '1099511627776',
			oomScoreAdj: '-5',
			cpuShares: '0',
		});
	});

	test('a pull carries its credentials', async () => {
		const { server, client } = await connected();
		const auth = { username: 'u', password: 'p', serverAddress: undefined };
		const id = await client.images.pullImage({ image: 'quay.io/a/b:1', auth });
		expect(id).toBe(imageId(`sha256:${fakeId('image', 3)}`));
		expect(server.lastRequests.get('PullImage')?.['auth']).toMatchObject({ username: 'u', password: 'p' });
	});
});

test('a lying runtime gives odd values and no exception', async () => {
	const { client } = await connected({ faults: ['lying'] });
	const [pods, containers, images] = await Promise.all([
		client.runtime.listPodSandbox(),
		client.runtime.listContainers(),
		client.images.listImages(),
	]);
	expect(pods.find(({ id }) => id === 'bare')).toMatchObject({
		createdAtNanos: undefined,
		metadata: { name: '' },
	});
	expect(containers.filter(({ state }) => state === 'unknown')).toHaveLength(1);
	expect(images.at(-1)?.sizeBytes).toBe(18_446_744_073_709_551_615n);
});
