/** A state with pods, containers and images as the inspector would have it, and a runtime behind typed ports. */

import { FailedPreconditionError, NotFoundError } from '../../../src/cri/errors.ts';
import { containerId, imageId, podSandboxId } from '../../../src/cri/ids.ts';
import type { Container, Image, ImageSpec, PodSandbox } from '../../../src/cri/model.ts';
import type { CriClient } from '../../../src/cri/ports.ts';
import type { Command } from '../../../src/ui/commands/command.ts';
import { commands } from '../../../src/ui/commands/index.ts';
import type { ConfirmedChange } from '../../../src/ui/effects/action-effects.ts';
import type { DemoAccess } from '../../../src/ui/effects/demo-step.ts';
import type { Effects } from '../../../src/ui/effects/effects.ts';
import { createInputHandler, type InputHandler } from '../../../src/ui/keys/handle-input.ts';
import { createKeymap } from '../../../src/ui/keys/keymap.ts';
import { initialState } from '../../../src/ui/store/initial.ts';
import type { ReadOnly } from '../../../src/ui/store/slices/read-only.ts';
import type { UiState } from '../../../src/ui/store/state.ts';
import { createStore, type Store } from '../../../src/ui/store/store.ts';
import type { KeyInput } from '../../../src/ui/terminal/terminal-input.ts';

const spec = (image: string): ImageSpec => ({
	image,
	userSpecifiedImage: image,
	runtimeHandler: '',
	annotations: {},
});

/** A ready sandbox with kubelet's labels. */
export function pod(
	name: string,
	more: Partial<PodSandbox> & { readonly namespace?: string } = {},
): PodSandbox {
	const { namespace = 'shop', ...rest } = more;
	return {
		id: podSandboxId(`pod-${name}`),
		metadata: { name, uid: `uid-${name}`, namespace, attempt: 0 },
		state: 'ready',
		createdAtNanos: 1n,
		labels: { 'io.kubernetes.pod.uid': `uid-${name}`, 'io.kubernetes.pod.name': name },
		annotations: {},
		runtimeHandler: '',
		...rest,
	};
}

/** A running container of a pod, its id made of its name and attempt. */
export function container(
	podName: string,
	name: string,
	more: Partial<Container> & { readonly attempt?: number } = {},
): Container {
	const { attempt = 0, ...rest } = more;
	return {
		id: containerId(`${podName}-${name}-${attempt}`),
		podSandboxId: podSandboxId(`pod-${podName}`),
		metadata: { name, attempt },
		image: spec('nginx:1.27'),
		imageRef: 'sha256:nginx',
		imageId: imageId('sha256:nginx'),
		state: 'running',
		createdAtNanos: 1n,
		labels: { 'io.kubernetes.pod.uid': `uid-${podName}`, 'io.kubernetes.pod.name': podName },
		annotations: {},
		...rest,
	};
}

/** An image of 10 MB with one tag. */
export function image(tag: string, more: Partial<Image> = {}): Image {
	return {
		id: imageId(`sha256:${tag.replace(/[:/].*/, '')}`),
		repoTags: [tag],
		repoDigests: [],
		sizeBytes: 10_000_000n,
		uid: undefined,
		username: '',
		pinned: false,
		spec: undefined,
		...more,
	};
}

/** For effects that are not to start any demo. */
export const noDemo: DemoAccess = {
	start: () => Promise.reject(new Error('no demo is to be started here')),
	remove: () => Promise.reject(new Error('no demo is to be removed here')),
};

/** What effects were asked to do. */
export type Asked = {
	readonly changes: ConfirmedChange[];
	readonly pulls: { readonly image: string; readonly login?: object }[];
	readonly cancelled: (number | string)[];
	/** How often the program was left. */
	quits: number;
};

/** A store with the given objects, keys that work, and effects that only note what they are asked. */
export function inspector(
	objects: {
		readonly pods?: readonly PodSandbox[];
		readonly containers?: readonly Container[];
		readonly images?: readonly Image[];
	},
	options: { readonly kubelet?: boolean; readonly readOnly?: ReadOnly } = {},
): {
	readonly store: Store;
	readonly state: () => UiState;
	readonly asked: Asked;
	readonly press: (...keys: readonly string[]) => void;
	readonly type: (text: string) => void;
} {
	const readOnly = options.readOnly ?? { enabled: false, reason: '' };
	const store = createStore(
		initialState({ columns: 120, rows: 40, hostname: 'node-1', nowMs: 1_000_000, readOnly }),
		{ frameMs: 0 },
	);
	store.dispatch('connection', { kind: 'endpointChosen', endpoint: 'unix:///test.sock' });
	store.dispatch('node', { kind: 'nodeFactsRead', facts: { kubelet: options.kubelet ?? false } });
	refresh(store, objects);
	const asked: Asked = { changes: [], pulls: [], cancelled: [], quits: 0 };
	const effects = {
		app: {
			quit: () => {
				asked.quits++;
			},
		},
		sessions: { hangUpShells: async () => {} },
		actions: {
			begin: (change: ConfirmedChange) => asked.changes.push(change),
			stopWaiting: (id: number) => asked.cancelled.push(`change ${id}`),
		},
		pulls: {
			begin: (reference: string) => asked.pulls.push({ image: reference }),
			beginAs: (reference: string, login: object) => asked.pulls.push({ image: reference, login }),
			cancel: (id: number) => asked.cancelled.push(id),
		},
	} as unknown as Effects;
	const keymap = createKeymap({
		bindings: commands.map(({ id, keys, scopes }: Command) => ({ commandId: id, keys, scope: scopes })),
	});
	const handler: InputHandler = createInputHandler({ store, keymap, commands, effects });
	return {
		store,
		state: store.getSnapshot,
		asked,
		press: (...keys) => {
			for (const key of keys) handler.key(keyInput(key));
		},
		type: (text) => {
			for (const character of text) handler.key(keyInput(character));
		},
	};
}

/** Replaces the lists, as a poll does. */
export function refresh(
	store: Store,
	objects: {
		readonly pods?: readonly PodSandbox[];
		readonly containers?: readonly Container[];
		readonly images?: readonly Image[];
	},
): void {
	const { pods = [], containers = [], images = [] } = objects;
	store.dispatch('inventory', { kind: 'podSandboxesRefreshed', pods, atMs: 1 });
	store.dispatch('inventory', { kind: 'containersRefreshed', containers, atMs: 1 });
	store.dispatch('inventory', { kind: 'imagesRefreshed', images, atMs: 1 });
}

function keyInput(key: string): KeyInput {
	const plain = [...key].length === 1;
	return {
		kind: 'key',
		name: key === ' ' ? 'space' : key,
		ctrl: false,
		alt: false,
		shift: false,
		text: plain ? key : undefined,
	};
}

/** What the runtime of `fakeClient` holds; tests change it at will. */
export type FakeNode = {
	readonly pods: Map<string, PodSandbox>;
	readonly containers: Map<string, Container & { readonly exitCode?: number; readonly reason?: string }>;
	readonly images: Map<string, Image>;
	/** RPCs in order, with the object. */
	readonly calls: string[];
};

/** A runtime behind the typed ports that keeps what it holds in maps. `override` replaces single RPCs. */
export function fakeClient(
	node: FakeNode,
	override: {
		readonly runtime?: Partial<CriClient['runtime']>;
		readonly images?: Partial<CriClient['images']>;
		readonly transfers?: Partial<CriClient['transfers']>;
	} = {},
): CriClient {
	const called = (rpc: string, id: string): void => void node.calls.push(`${rpc} ${id}`);
	const runtime: Partial<CriClient['runtime']> = {
		async stopContainer(id, timeoutSeconds) {
			called(`stop -t ${timeoutSeconds}`, id);
			const found = node.containers.get(id);
			if (!found) throw new NotFoundError(`cannot stop container "${id}": not found`);
			node.containers.set(id, { ...found, state: 'exited', exitCode: timeoutSeconds === 0 ? 137 : 143 });
		},
		async containerStatus(id) {
			const found = node.containers.get(id);
			if (!found) throw new NotFoundError(`cannot inspect container "${id}": not found`);
			return { exitCode: 0, reason: '', ...found } as never;
		},
		async removeContainer(id) {
			called('rm', id);
			if (node.containers.get(id)?.state === 'running') throw new FailedPreconditionError('it is running');
			node.containers.delete(id);
		},
		listContainers: async (filter = {}) =>
			[...node.containers.values()].filter(
				(one) =>
					(filter.id === undefined || one.id === filter.id) &&
					(filter.state === undefined || one.state === filter.state) &&
					(filter.podSandboxId === undefined || one.podSandboxId === filter.podSandboxId),
			),
		listPodSandbox: async (filter = {}) =>
			[...node.pods.values()].filter((one) => filter.id === undefined || one.id === filter.id),
		async stopPodSandbox(id) {
			called('stopp', id);
			const found = node.pods.get(id);
			if (found) node.pods.set(id, { ...found, state: 'notReady' });
		},
		async removePodSandbox(id) {
			called('rmp', id);
			node.pods.delete(id);
		},
		...override.runtime,
	};
	const images: Partial<CriClient['images']> = {
		imageStatus: async (name) => {
			const found = [...node.images.values()].find((one) => one.id === name || one.repoTags.includes(name));
			return { image: found, info: {} };
		},
		async removeImage(name) {
			called('rmi', name);
			node.images.delete(name);
		},
		...override.images,
	};
	return { runtime, images, transfers: override.transfers, supports: () => true } as unknown as CriClient;
}

/** A node that holds these objects. */
export function fakeNode(objects: {
	readonly pods?: readonly PodSandbox[];
	readonly containers?: readonly Container[];
	readonly images?: readonly Image[];
}): FakeNode {
	const byId = <Item extends { readonly id: string }>(items: readonly Item[] = []) =>
		new Map<string, Item>(items.map((item) => [item.id, item]));
	return {
		pods: byId(objects.pods),
		containers: byId(objects.containers),
		images: byId(objects.images),
		calls: [],
	};
}
