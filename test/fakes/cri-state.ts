/**
 * What the fake runtime holds: pods, containers and images in the protocol's own shape, with deterministic
 * ids and times, changeable by a test at any moment. The next answer shows the change.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** A message as the encoder takes it: int64 as decimal strings, enums by name or number. */
export type FakeMessage = Record<string, unknown>;

/** One event as a subscriber gets it. */
export type FakeEvent = {
	readonly containerId: string;
	readonly type: string;
	readonly podSandboxId: string;
};

/** The runtime's memory. Maps are by id and in creation order. */
export type FakeState = {
	readonly pods: Map<string, FakeMessage>;
	/** Container and ContainerStatus fields in one object. */
	readonly containers: Map<string, FakeMessage>;
	readonly images: Map<string, FakeMessage>;
	readonly listeners: Set<(event: FakeEvent) => void>;
	addPod(options?: { readonly name?: string; readonly namespace?: string }): string;
	addContainer(podSandboxId: string, options?: { readonly name?: string; readonly state?: string }): string;
	addImage(reference: string): string;
	/** Changes a container's state and tells the subscribers. */
	setContainerState(containerId: string, state: string, fields?: FakeMessage): void;
	removeContainer(containerId: string): void;
	removePod(podSandboxId: string): void;
};

/** The moment at which everything of the fake was created: 2025-06-15T15:06:40Z. */
export const fakeEpochNanos = 1_750_000_000_000_000_000n;

/** The id which the fake gives to the nth object of a kind: 64 hex digits. */
export function fakeId(kind: 'pod' | 'container' | 'image', index: number): string {
	return createHash('sha256').update(`${kind}-${index}`).digest('hex');
}

const podNames = ['nginx', 'coredns', 'kube-proxy', 'etcd', 'api', 'worker', 'redis', 'postgres'];
const namespaces = ['default', 'kube-system', 'monitoring'];

/**
 * Makes a state of `pods` pods with `containers` containers each. Every fifth container has exited, every
 * seventh of these by the OOM killer; all others run.
 * @param logDir where each container gets a short log file; without it no container has a log path.
 */
export function createFakeState(options: {
	readonly pods: number;
	readonly containers: number;
	readonly logDir?: string | undefined;
}): FakeState {
	const counts = { pod: 0, container: 0, image: 0 };
	const nanosAt = (seconds: number) => String(fakeEpochNanos + BigInt(seconds) * 1_000_000_000n);
	const tell = (containerId: string, type: string) => {
		const podSandboxId = String(state.containers.get(containerId)?.['podSandboxId'] ?? containerId);
		for (const listener of state.listeners) listener({ containerId, type, podSandboxId });
	};
	const state: FakeState = {
		pods: new Map(),
		containers: new Map(),
		images: new Map(),
		listeners: new Set(),
		addPod(pod = {}) {
			const index = counts.pod++;
			const id = fakeId('pod', index);
			const name = pod.name ?? `${podNames[index % podNames.length]}-${index}`;
			const namespace = pod.namespace ?? namespaces[index % namespaces.length];
			const uid = `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`;
			state.pods.set(id, {
				id,
				metadata: { name, uid, namespace, attempt: 0 },
				state: 'SANDBOX_READY',
				createdAt: nanosAt(index),
				labels: { 'io.kubernetes.pod.name': name, 'io.kubernetes.pod.namespace': namespace, app: name },
				annotations: { 'kubernetes.io/config.source': 'api' },
				runtimeHandler: '',
			});
			tell(id, 'CONTAINER_STARTED_EVENT');
			return id;
		},
		addContainer(podSandboxId, container = {}) {
			const index = counts.container++;
			const id = fakeId('container', index);
			const name = container.name ?? `app-${index}`;
			const exited = index % 5 === 4;
			const outOfMemory = index % 7 === 4;
			const status = container.state ?? (exited ? 'CONTAINER_EXITED' : 'CONTAINER_RUNNING');
			const podName = (state.pods.get(podSandboxId)?.['metadata'] as FakeMessage | undefined)?.['name'];
			const image = [...state.images.values()][index % Math.max(1, state.images.size)];
			const reference = (image?.['repoTags'] as string[] | undefined)?.[0] ?? 'docker.io/library/none:latest';
			const ended = status === 'CONTAINER_EXITED';
			state.containers.set(id, {
				id,
				podSandboxId,
				metadata: { name, attempt: index % 3 },
				image: { image: reference, userSpecifiedImage: reference },
				imageRef: image?.['id'] ?? reference,
				imageId: image?.['id'] ?? '',
				state: status,
				createdAt: nanosAt(index),
				startedAt: status === 'CONTAINER_CREATED' ? '0' : nanosAt(index + 1),
				finishedAt: ended ? nanosAt(index + 60) : '0',
				exitCode: ended ? (outOfMemory ? 137 : 1) : 0,
				reason: ended ? (outOfMemory ? 'OOMKilled' : 'Error') : '',
				message: '',
				labels: { 'io.kubernetes.container.name': name, 'io.kubernetes.pod.name': podName ?? '' },
				annotations: {},
				mounts: [{ containerPath: '/etc/hosts', hostPath: '/var/lib/kubelet/hosts', readonly: false }],
				logPath: options.logDir ? writeLog(join(options.logDir, String(podName), name, '0.log'), name) : '',
				resources: { linux: { cpuPeriod: '100000', cpuQuota: '50000', memoryLimitInBytes: '268435456' } },
			});
			tell(id, 'CONTAINER_CREATED_EVENT');
			return id;
		},
		addImage(reference) {
			const index = counts.image++;
			const id = `sha256:${fakeId('image', index)}`;
			const repository = reference.replace(/[:@][^/]*$/, '');
			state.images.set(id, {
				id,
				repoTags: [reference],
				repoDigests: [`${repository}@${id}`],
				size: String(10_000_000 * (index + 1)),
				uid: { value: '0' },
				username: '',
				pinned: reference.includes('pause'),
			});
			return id;
		},
		setContainerState(containerId, status, fields = {}) {
			const container = state.containers.get(containerId);
			if (container === undefined) return;
			state.containers.set(containerId, { ...container, ...fields, state: status });
			tell(
				containerId,
				status === 'CONTAINER_EXITED' ? 'CONTAINER_STOPPED_EVENT' : 'CONTAINER_STARTED_EVENT',
			);
		},
		removeContainer(containerId) {
			tell(containerId, 'CONTAINER_DELETED_EVENT');
			state.containers.delete(containerId);
		},
		removePod(podSandboxId) {
			for (const [id, container] of state.containers) {
				if (container['podSandboxId'] === podSandboxId) state.removeContainer(id);
			}
			state.pods.delete(podSandboxId);
			tell(podSandboxId, 'CONTAINER_DELETED_EVENT');
		},
	};
	for (const image of [
		'registry.k8s.io/pause:3.10',
		'docker.io/library/nginx:1.27',
		'quay.io/example/app:v1',
	]) {
		state.addImage(image);
	}
	for (let pod = 0; pod < options.pods; pod++) {
		const id = state.addPod();
		for (let container = 0; container < options.containers; container++) state.addContainer(id);
	}
	return state;
}

function writeLog(path: string, name: string): string {
	mkdirSync(dirname(path), { recursive: true });
	const line = (index: number) =>
		`2025-06-15T15:06:${String(40 + index).padStart(2, '0')}.000000000Z stdout F ${name} line ${index}\n`;
	writeFileSync(path, Array.from({ length: 10 }, (_, index) => line(index)).join(''));
	return path;
}

/** Text that attacks a terminal: titles, clears, colours, bidi, C1, newlines, and a very long word. */
export const hostileText = `\u001b]0;owned\u0007\u001b[2J\u001b[31mred\u009b1m\u202Etxt\u200b\r\nnext\u0000${'x'.repeat(3000)}`;

/**
 * Adds objects that no honest runtime would send: nothing but an id, empty ids, two of the same id, states
 * that do not exist, times before the epoch and after the sun, text against the terminal everywhere.
 */
export function addLies(state: FakeState): void {
	const lies: readonly FakeMessage[] = [
		{ id: 'bare' },
		{ id: '' },
		{
			id: hostileText,
			podSandboxId: hostileText,
			metadata: { name: hostileText, uid: hostileText, namespace: hostileText, attempt: 4294967295 },
			image: { image: hostileText },
			imageRef: hostileText,
			state: 99,
			createdAt: '-6795364578871345152',
			startedAt: '9223372036854775807',
			finishedAt: '-1',
			exitCode: -2147483648,
			reason: hostileText,
			message: hostileText,
			labels: { [hostileText]: hostileText, __proto__x: 'y', constructor: 'z' },
			annotations: { '': '' },
			logPath: '/../../etc/shadow\u001b[2J',
		},
	];
	for (const [index, lie] of lies.entries()) {
		state.pods.set(`lie-${index}`, lie);
		state.containers.set(`lie-${index}`, lie);
		state.images.set(`lie-${index}`, {
			id: lie['id'],
			repoTags: [hostileText, ''],
			size: '18446744073709551615',
		});
	}
	for (const twice of state.containers.values()) {
		state.containers.set('lie-twice', twice);
		break;
	}
}
