/** What the fake runtime answers to each RPC. A unary handler returns its answer, a stream its messages. */
import type { FakeMessage, FakeState } from './cri-state.ts';

/** A gRPC failure that a handler ends with. */
export class FakeStatusError extends Error {
	readonly code: number;
	constructor(code: number, message: string) {
		super(message);
		this.code = code;
	}
}

/** One answer, or the messages of a stream in order. */
export type FakeHandler = (request: FakeMessage) => FakeMessage | readonly FakeMessage[];

const notFound = 5;
/** How many items a chunk of a streamed list has; small, so that tests see several. */
const chunkSize = 100;

function message(value: unknown): FakeMessage {
	return (value ?? {}) as FakeMessage;
}

function chunks(field: string, items: readonly FakeMessage[]): readonly FakeMessage[] {
	const count = Math.ceil(items.length / chunkSize);
	return Array.from({ length: count }, (_, index) => ({
		[field]: items.slice(index * chunkSize, (index + 1) * chunkSize),
	}));
}

function matches(item: FakeMessage, filter: FakeMessage): boolean {
	const state = filter['state'] as FakeMessage | null | undefined;
	const labels = Object.entries(message(filter['labelSelector']));
	return (
		String(item['id']).startsWith(String(filter['id'] ?? '')) &&
		(!filter['podSandboxId'] || item['podSandboxId'] === filter['podSandboxId']) &&
		(!state || item['state'] === state['state']) &&
		labels.every(([key, value]) => message(item['labels'])[key] === value)
	);
}

function stats(item: FakeMessage): FakeMessage {
	const seed = Number.parseInt(String(item['id']).slice(0, 4), 16) || 1;
	const timestamp = String(BigInt(Date.now()) * 1_000_000n);
	const usage = String(BigInt(Date.now()) * BigInt(seed));
	return {
		attributes: { id: item['id'], metadata: item['metadata'], labels: item['labels'] },
		cpu: {
			timestamp,
			usageCoreNanoSeconds: { value: usage },
			usageNanoCores: { value: String(seed * 1000) },
		},
		memory: { timestamp, workingSetBytes: { value: String(seed * 4096) } },
	};
}

/** @returns the handlers by RPC; an RPC that is missing here is Unimplemented. */
export function createFakeHandlers(
	state: FakeState,
	options: { readonly streamingUrl: string; readonly info: FakeMessage },
): ReadonlyMap<string, FakeHandler> {
	const find = (map: Map<string, FakeMessage>, id: unknown, kind: string) => {
		const found = map.get(String(id)) ?? [...map.values()].find((item) => String(item['id']) === id);
		if (found === undefined)
			throw new FakeStatusError(notFound, `${kind} ${JSON.stringify(id)} does not exist`);
		return found;
	};
	const imageOf = (spec: unknown) => {
		const name = String(message(spec)['image']);
		return [...state.images.values()].find(
			(image) => image['id'] === name || (image['repoTags'] as string[]).includes(name),
		);
	};
	const pods = (request: FakeMessage) =>
		[...state.pods.values()].filter((pod) => matches(pod, message(request['filter'])));
	const containers = (request: FakeMessage) =>
		[...state.containers.values()].filter((container) => matches(container, message(request['filter'])));
	const running = (request: FakeMessage) =>
		containers(request).filter((container) => container['state'] === 'CONTAINER_RUNNING');
	const podStats = (pod: FakeMessage) => {
		const { attributes, ...linux } = stats(pod);
		return { attributes, linux };
	};
	const images = () => [...state.images.values()];
	const now = () => String(BigInt(Date.now()) * 1_000_000n);
	const url = (path: string) => ({ url: `${options.streamingUrl}/${path}` });
	const filesystem = () => ({
		timestamp: now(),
		fsId: { mountpoint: '/' },
		usedBytes: { value: '123456789' },
		inodesUsed: { value: '4242' },
	});
	const metrics = () =>
		[...state.pods.values()].map((pod) => ({
			podSandboxId: pod['id'],
			metrics: [
				{ name: 'fake_up', timestamp: '0', metricType: 'GAUGE', labelValues: ['x'], value: { value: '1' } },
			],
		}));

	return new Map<string, FakeHandler>([
		[
			'Version',
			() => ({ version: '0.1.0', runtimeName: 'fake', runtimeVersion: '1.0.0', runtimeApiVersion: 'v1' }),
		],
		[
			'Status',
			() => ({
				status: {
					conditions: [
						{ type: 'RuntimeReady', status: true },
						{ type: 'NetworkReady', status: true },
					],
				},
				runtimeHandlers: [{ name: '', features: { recursiveReadOnlyMounts: true } }],
				features: { supplementalGroupsPolicy: true },
			}),
		],
		['RuntimeConfig', () => ({ linux: { cgroupDriver: 'CGROUPFS' } })],
		['UpdateRuntimeConfig', () => ({})],
		['UpdatePodSandboxResources', () => ({})],
		['UpdateContainerResources', () => ({})],
		[
			'RunPodSandbox',
			(request) => {
				const metadata = message(message(request['config'])['metadata']);
				const options = { name: String(metadata['name']), namespace: String(metadata['namespace']) };
				return { podSandboxId: state.addPod(options) };
			},
		],
		[
			'StopPodSandbox',
			({ podSandboxId }) => {
				for (const container of containers({ filter: { podSandboxId } })) {
					state.setContainerState(String(container['id']), 'CONTAINER_EXITED', { finishedAt: now() });
				}
				const pod = state.pods.get(String(podSandboxId));
				if (pod) state.pods.set(String(podSandboxId), { ...pod, state: 'SANDBOX_NOTREADY' });
				return {};
			},
		],
		[
			'RemovePodSandbox',
			({ podSandboxId }) => {
				state.removePod(String(podSandboxId));
				return {};
			},
		],
		[
			'PodSandboxStatus',
			({ podSandboxId, verbose }) => {
				const pod = find(state.pods, podSandboxId, 'pod');
				const network = { ip: '10.1.0.7', additionalIps: [{ ip: 'fd00::7' }] };
				const linux = { namespaces: { options: { network: 'POD', pid: 'CONTAINER', ipc: 'POD' } } };
				return { status: { ...pod, network, linux }, info: verbose ? options.info : {} };
			},
		],
		['ListPodSandbox', (request) => ({ items: pods(request) })],
		['StreamPodSandboxes', (request) => chunks('podSandboxes', pods(request))],
		[
			'CreateContainer',
			(request) => {
				const name = String(message(message(request['config'])['metadata'])['name']);
				const id = String(request['podSandboxId']);
				return { containerId: state.addContainer(id, { name, state: 'CONTAINER_CREATED' }) };
			},
		],
		[
			'StartContainer',
			({ containerId }) => {
				find(state.containers, containerId, 'container');
				state.setContainerState(String(containerId), 'CONTAINER_RUNNING', { startedAt: now() });
				return {};
			},
		],
		[
			'StopContainer',
			({ containerId }) => {
				const ended = { finishedAt: now(), exitCode: 143, reason: 'Error' };
				state.setContainerState(String(containerId), 'CONTAINER_EXITED', ended);
				return {};
			},
		],
		[
			'RemoveContainer',
			({ containerId }) => {
				state.removeContainer(String(containerId));
				return {};
			},
		],
		['ListContainers', (request) => ({ containers: containers(request) })],
		['StreamContainers', (request) => chunks('containers', containers(request))],
		[
			'ContainerStatus',
			({ containerId, verbose }) => {
				const { podSandboxId, ...status } = find(state.containers, containerId, 'container');
				const info = verbose ? { info: JSON.stringify({ sandboxID: podSandboxId, ...options.info }) } : {};
				return { status, info };
			},
		],
		['ReopenContainerLog', () => ({})],
		['CheckpointContainer', () => ({})],
		[
			'ExecSync',
			({ containerId, cmd }) => {
				find(state.containers, containerId, 'container');
				return {
					stdout: Buffer.from(`${(cmd as string[]).join(' ')}\n`),
					stderr: Buffer.alloc(0),
					exitCode: 0,
				};
			},
		],
		['Exec', () => url('exec/token')],
		['Attach', () => url('attach/token')],
		['PortForward', () => url('portforward/token')],
		[
			'ContainerStats',
			({ containerId }) => ({ stats: stats(find(state.containers, containerId, 'container')) }),
		],
		['ListContainerStats', (request) => ({ stats: running(request).map(stats) })],
		['StreamContainerStats', (request) => chunks('containerStats', running(request).map(stats))],
		['PodSandboxStats', ({ podSandboxId }) => ({ stats: podStats(find(state.pods, podSandboxId, 'pod')) })],
		['ListPodSandboxStats', (request) => ({ stats: pods(request).map(podStats) })],
		['StreamPodSandboxStats', (request) => chunks('podSandboxStats', pods(request).map(podStats))],
		[
			'ListMetricDescriptors',
			() => ({ descriptors: [{ name: 'fake_up', help: 'is up', labelKeys: ['a'] }] }),
		],
		['ListPodSandboxMetrics', () => ({ podMetrics: metrics() })],
		['StreamPodSandboxMetrics', () => chunks('podSandboxMetrics', metrics())],
		['ListImages', () => ({ images: images() })],
		['StreamImages', () => chunks('images', images())],
		['ImageStatus', ({ image }) => ({ image: imageOf(image) ?? null })],
		[
			'PullImage',
			({ image }) => ({
				imageRef: imageOf(image)?.['id'] ?? state.addImage(String(message(image)['image'])),
			}),
		],
		[
			'RemoveImage',
			({ image }) => {
				const found = imageOf(image);
				if (found) state.images.delete(String(found['id']));
				return {};
			},
		],
		['ImageFsInfo', () => ({ imageFilesystems: [filesystem()], containerFilesystems: [] })],
	]);
}
