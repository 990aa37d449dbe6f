/**
 * The client against a real containerd, and the fake runtime held to the same behaviour: what a test of
 * faults relies on in the fake is true of the real one.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { NotFoundError, UnimplementedError } from '../../src/cri/errors.ts';
import { containerId, podSandboxId } from '../../src/cri/ids.ts';
import type { CriClient } from '../../src/cri/ports.ts';
import type { PodSandboxConfig } from '../../src/cri/sandbox-config.ts';
import { createCriClient } from '../../src/cri/transport/client.ts';
import { startFakeCriServer } from '../fakes/cri-server.ts';
import { eventually } from '../helpers/child-process.ts';
import { type ContainerdAccess, removeAllPods } from '../helpers/containerd.ts';
import { containerdRequirements, whatIsMissing } from '../helpers/requires.ts';
import { sampleImages } from '../helpers/sample-images.ts';
import { sharedContainerd } from '../helpers/shared-containerd.ts';

const missing = whatIsMissing(...containerdRequirements);

/** A client of one of the two, and the configuration of a pod that it can run. */
type Runtime = { readonly client: CriClient; readonly config: (name: string) => PodSandboxConfig };

const runtimes = {
	containerd: (): Runtime => {
		const containerd: ContainerdAccess = sharedContainerd();
		return {
			client: createCriClient(containerd.endpoint),
			config: (name) => {
				const logDirectory = join(containerd.podLogsDir, `default_${name}_uid-${name}`);
				mkdirSync(join(logDirectory, 'main'), { recursive: true });
				return {
					metadata: { name, namespace: 'default', uid: `uid-${name}`, attempt: 0 },
					hostname: name,
					logDirectory,
					labels: Object.fromEntries([...'abcdefgh'].map((key) => [key, name])),
					linux: { cgroupParent: `${containerd.cgroupParent}/pod${name}` },
				};
			},
		};
	},
	fake: async (): Promise<Runtime> => {
		const dir = mkdtempSync(join(tmpdir(), 'criscope-fake-'));
		const server = await startFakeCriServer({ socketPath: join(dir, 's'), pods: 0, containers: 0 });
		afterAll(async () => {
			await server.stop();
			rmSync(dir, { recursive: true });
		});
		return {
			client: createCriClient(join(dir, 's')),
			config: (name) => ({ metadata: { name, namespace: 'default', uid: `uid-${name}`, attempt: 0 } }),
		};
	},
};

describe.skipIf(missing)(`client and runtime${missing ?? ''}`, () => {
	describe.each(['containerd', 'fake'] as const)('%s', (name) => {
		let client: CriClient;
		let config: Runtime['config'];

		beforeAll(async () => {
			({ client, config } = await runtimes[name]());
		});
		afterAll(async () => {
			client.close();
			if (name === 'containerd') await removeAllPods(sharedContainerd().cri);
		});

		test('says who it is', async () => {
			const version = await client.runtime.version();
			for (const text of Object.values(version)) expect(text).not.toBe('');
			expect(version.runtimeApiVersion).toBe('v1');
			const { conditions, raw } = await client.runtime.status({ verbose: true });
			expect(conditions.map(({ type }) => type)).toEqual(['RuntimeReady', 'NetworkReady']);
			expect(raw).toBeDefined();
			expect(client.connectivity()).toBe('ready');
		});

		test('runs a pod and a container, stops and removes them', async () => {
			const podConfig = config('life');
			const pod = await client.runtime.runPodSandbox({ config: podConfig, runtimeHandler: '' });
			await client.images.pullImage({ image: sampleImages.busybox });
			const container = await client.runtime.createContainer({
				podSandboxId: pod,
				config: {
					metadata: { name: 'main', attempt: 0 },
					image: { image: sampleImages.busybox },
					command: ['sh', '-c', "trap 'exit 143' TERM; while :; do sleep 3600 & wait $!; done"],
					logPath: 'main/0.log',
				},
				sandboxConfig: podConfig,
			});
			const created = await client.runtime.listContainers({ id: container });
			expect(created).toMatchObject([{ id: container, podSandboxId: pod, state: 'created' }]);
			expect(created[0]?.createdAtNanos).toBeGreaterThan(1_700_000_000_000_000_000n);

			await client.runtime.startContainer(container);
			const running = await client.runtime.containerStatus(container, { verbose: true });
			expect(running).toMatchObject({ state: 'running', podSandboxId: pod, metadata: { name: 'main' } });
			expect(running.startedAtNanos).toBeDefined();
			expect(running.finishedAtNanos).toBeUndefined();
			const before = await client.runtime.listContainers({ podSandboxId: pod, state: 'running' });
			const again = await client.runtime.listContainers({ podSandboxId: pod, state: 'running' });
			expect(before).toHaveLength(1);
			expect(again[0]).toBe(before[0]);
			// A pod of eight labels, which Go writes in another order each time.
			const pods = await Promise.all([1, 2, 3].map(() => client.runtime.listPodSandbox({ id: pod })));
			expect(new Set(pods.map(([first]) => first)).size).toBe(1);

			const stats = await eventually('the container to be measured', async () => {
				const [measured] = await client.runtime.listContainerStats({ podSandboxId: pod });
				return measured?.memory?.workingSetBytes === undefined ? undefined : measured;
			});
			expect(stats.id).toBe(container);
			const echo = { containerId: container, command: ['echo', 'hello'], timeoutSeconds: 30 };
			expect(Buffer.from((await client.runtime.execSync(echo)).stdout).toString()).toContain('hello');
			const streams = { tty: false, stdin: false, stdout: true, stderr: true };
			expect(await client.runtime.exec({ ...echo, ...streams })).toMatch(/^http:\/\/[^/]+\/exec\//);

			await client.runtime.stopContainer(container, 10);
			const stopped = await client.runtime.containerStatus(container, { verbose: false });
			expect(stopped).toMatchObject({ state: 'exited', exitCode: 143, reason: 'Error' });
			expect(stopped.finishedAtNanos).toBeDefined();
			await client.runtime.stopPodSandbox(pod);
			const [notReady] = await client.runtime.listPodSandbox({ id: pod });
			expect(notReady?.state).toBe('notReady');
			await client.runtime.removePodSandbox(pod);
			expect(await client.runtime.listPodSandbox({ id: pod })).toEqual([]);
			expect(await client.runtime.listContainers({ podSandboxId: pod })).toEqual([]);
		});

		test('knows nothing of what is not there', async () => {
			const container = containerId('f'.repeat(64));
			const pod = podSandboxId('f'.repeat(64));
			await expect(client.runtime.containerStatus(container, { verbose: false })).rejects.toThrow(
				NotFoundError,
			);
			await expect(client.runtime.podSandboxStatus(pod, { verbose: false })).rejects.toThrow(NotFoundError);
			await client.runtime.removeContainer(container);
			await client.runtime.removePodSandbox(pod);
			const { image } = await client.images.imageStatus('registry.example.com/none:1', { verbose: true });
			expect(image).toBeUndefined();
		});

		test('lists, measures and removes images', async () => {
			const id = await client.images.pullImage({ image: sampleImages.spare });
			const images = await client.images.listImages();
			const spare = images.find((image) => image.id === id);
			expect(spare?.repoTags).toEqual([sampleImages.spare]);
			expect(spare?.sizeBytes).toBeGreaterThan(0n);
			await client.images.removeImage(id);
			expect((await client.images.imageStatus(id, { verbose: false })).image).toBeUndefined();
			const [filesystem] = (await client.images.imageFsInfo()).imageFilesystems;
			expect(filesystem?.usedBytes).toBeGreaterThan(0n);
		});
	});

	test('what an old containerd does not offer is asked once', async () => {
		const client = createCriClient(sharedContainerd().endpoint);
		onTestFinished(() => client.close());
		const streaming = Array.fromAsync(client.runtime.streamContainers());
		await expect(streaming).rejects.toThrow(UnimplementedError);
		expect(client.supports('streamContainers')).toBe(false);
		await expect(Array.fromAsync(client.runtime.streamContainers())).rejects.toThrow(/does not offer this$/);
	});
});
