import { containerId, imageId, podSandboxId } from '../../../src/cri/ids.ts';
import type {
	Container,
	ContainerState,
	Image,
	PodSandbox,
	PodSandboxState,
} from '../../../src/cri/model.ts';
import type { ContainerFacts, PodSandboxFacts } from '../../../src/ui/resources/facts.ts';
import type { SliceEvents, UiEvent } from '../../../src/ui/store/events.ts';
import { initialState } from '../../../src/ui/store/initial.ts';
import type { UiState } from '../../../src/ui/store/state.ts';
import { update } from '../../../src/ui/store/update.ts';

/** The moment at which all fixtures look at the world. */
export const nowMs = Date.parse('2026-11-22T12:00:00Z');

/** Nanoseconds of a moment so many seconds ago. */
export function secondsAgo(seconds: number): bigint {
	return BigInt(nowMs - seconds * 1000) * 1_000_000n;
}

/** A ready pod of namespace default, an hour old. */
export function pod(
	name: string,
	over: {
		readonly state?: PodSandboxState;
		readonly namespace?: string;
		readonly attempt?: number;
		readonly id?: string;
		readonly uid?: string;
	} = {},
): PodSandbox {
	return {
		id: podSandboxId(over.id ?? `pod-${name}`),
		metadata: {
			name,
			uid: over.uid ?? `uid-${name}`,
			namespace: over.namespace ?? 'default',
			attempt: over.attempt ?? 0,
		},
		state: over.state ?? 'ready',
		createdAtNanos: secondsAgo(3600),
		labels: { app: name },
		annotations: {},
		runtimeHandler: '',
	};
}

/** A running container of a pod. */
export function container(
	podName: string,
	name: string,
	over: { readonly state?: ContainerState; readonly attempt?: number; readonly image?: string } = {},
): Container {
	const attempt = over.attempt ?? 0;
	return {
		id: containerId(`ctr-${podName}-${name}-${attempt}`),
		podSandboxId: podSandboxId(`pod-${podName}`),
		metadata: { name, attempt },
		image: { image: over.image ?? 'img-1', userSpecifiedImage: '', runtimeHandler: '', annotations: {} },
		imageRef: over.image ?? 'img-1',
		imageId: imageId(over.image ?? 'img-1'),
		state: over.state ?? 'running',
		createdAtNanos: secondsAgo(3000),
		labels: { 'io.kubernetes.pod.name': podName },
		annotations: {},
	};
}

/** An image of one tag. */
export function image(tag: string, over: { readonly id?: string; readonly pinned?: boolean } = {}): Image {
	return {
		id: imageId(over.id ?? `img-${tag}`),
		repoTags: [tag],
		repoDigests: [],
		sizeBytes: 1_000_000n,
		uid: undefined,
		username: '',
		pinned: over.pinned ?? false,
		spec: undefined,
	};
}

/** Facts of a container in the state it is in. */
export function factsOf(of: Container, over: Partial<ContainerFacts> = {}): ContainerFacts {
	return {
		id: of.id,
		state: of.state,
		startedAtNanos: secondsAgo(2900),
		finishedAtNanos: of.state === 'exited' ? secondsAgo(100) : undefined,
		exitCode: 0,
		reason: '',
		message: '',
		logPath: '',
		pid: undefined,
		command: [],
		cpuLimitMillicores: undefined,
		memoryLimitBytes: undefined,
		cgroupsPath: undefined,
		ports: [],
		...over,
	};
}

/** Facts of a pod with an address. */
export function podFactsOf(of: PodSandbox, over: Partial<PodSandboxFacts> = {}): PodSandboxFacts {
	return {
		id: of.id,
		state: of.state,
		ip: '10.0.0.1',
		additionalIps: [],
		hostNetwork: false,
		ports: [],
		...over,
	};
}

/** An empty state of a screen of 80x24. */
export function emptyState(
	size: { readonly columns: number; readonly rows: number } = { columns: 80, rows: 24 },
): UiState {
	return initialState({ ...size, hostname: 'node-1', nowMs, readOnly: { enabled: false, reason: '' } });
}

/** An event of one slice, for `applied`. */
export function event<Slice extends keyof SliceEvents>(slice: Slice, of: SliceEvents[Slice]): UiEvent {
	return { slice, event: of } as UiEvent;
}

/** The state after events. */
export function applied(state: UiState, ...events: readonly UiEvent[]): UiState {
	return events.reduce(update, state);
}

/** The events of a refresh of pods and containers. */
export function refreshed(
	pods: readonly PodSandbox[],
	containers: readonly Container[] = [],
	atMs: number = nowMs,
): readonly UiEvent[] {
	return [
		event('inventory', { kind: 'podSandboxesRefreshed', pods, atMs }),
		event('inventory', { kind: 'containersRefreshed', containers, atMs }),
	];
}
