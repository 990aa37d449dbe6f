/** What the RPCs of pods and containers work with, and how they find their object. */
import { FailedPreconditionError, NotFoundError } from '../../cri/errors.ts';
import type { ContainerEvent } from '../../cri/model.ts';
import type { Cgroups } from '../cgroup/cgroups.ts';
import type { PodNetwork } from '../cni/pod-network.ts';
import type { Log } from '../log.ts';
import type { ContainerProcesses } from '../oci/container-process.ts';
import type { HandlerConfig } from '../oci/model.ts';
import type { HostLimits } from '../oci/spec-input.ts';
import type { ContainerLayers } from '../storage/container-layers.ts';
import type { Store } from '../storage/model.ts';
import type { Creations } from '../store/creations.ts';
import type { EventFanout } from '../store/event-fanout.ts';
import type { ContainerRecord, PodSandboxRecord } from '../store/model.ts';
import type { ObjectTable } from '../store/object-table.ts';
import type { OperationQueue } from '../store/operation-queue.ts';
import type { RuntimePaths } from '../store/runtime-paths.ts';
import { containerState, isListed, podSandboxState } from '../store/states.ts';
import type { Namespaces } from '../sys/namespaces.ts';
import type { Sys } from '../sys/sys.ts';
import type { Turns } from '../turns.ts';
import type { ContainerEnds } from './container-end.ts';
import type { ContainerSpecs } from './container-spec.ts';
import type { MonitorPlaces } from './monitor-places.ts';
import type { RunningExecs } from './running-execs.ts';

/** The handlers of the configuration. */
export type Handlers = {
	/** '' is the default. @throws NotFoundError for a name that is not configured, FailedPreconditionError for a VM's */
	demand(name: string): HandlerConfig;
	/**
	 * That of an object which is there already, whatever the configuration says by now: a default may have changed, and a
	 * handler may be gone. @throws as `demand`, for objects of old versions, which kept a name alone
	 */
	of(object: Pick<ContainerRecord, 'runtimeHandler' | 'handler'>): HandlerConfig;
	/** All of them, the default first. */
	readonly all: readonly HandlerConfig[];
	/** Why the default makes no containers now, in one sentence; undefined where it does. */
	problem(): string | undefined;
};

/** Numbers and words of the configuration that the RPCs need. */
export type PodSettings = {
	/** conmon truncates logs at this size; -1 for never, as a kubelet rotates them. */
	readonly logSizeMaxBytes: number;
	readonly createTimeoutMs: number;
	/** Processes of one container; 0 or less: no limit. */
	readonly pidsLimit: number;
	/** Groups of metrics that are told; undefined for all. */
	readonly includedMetrics: readonly string[] | undefined;
	/** Kernel parameters of new pods; their own win. */
	readonly defaultSysctls: Readonly<Record<string, string>>;
};

/** The pod half of the runtime, as its RPCs see it. */
export type PodParts = {
	readonly images: Store;
	readonly layers: ContainerLayers;
	readonly processes: ContainerProcesses;
	readonly network: PodNetwork;
	readonly namespaces: Namespaces;
	readonly cgroups: Cgroups;
	readonly sys: Pick<Sys, 'mount' | 'umount2' | 'mknod'>;
	readonly limits: HostLimits;
	readonly handlers: Handlers;
	readonly specs: ContainerSpecs;
	readonly settings: PodSettings;
	readonly paths: RuntimePaths;
	readonly sandboxes: ObjectTable<PodSandboxRecord>;
	readonly containers: ObjectTable<ContainerRecord>;
	readonly queue: OperationQueue;
	/** For containers that are prepared: the first ones are created by the OCI runtime while the others are still waiting. */
	readonly bundleTurns: Turns;
	readonly monitors: MonitorPlaces;
	readonly creations: Creations;
	readonly ends: ContainerEnds;
	readonly execs: RunningExecs;
	readonly events: EventFanout<ContainerEvent>;
	readonly bootId: string;
	readonly log: Log;
	/** Nanoseconds since 1970. */
	readonly now: () => bigint;
};

type Tables = Pick<PodParts, 'sandboxes' | 'containers'>;

/** The sandbox, by id or a prefix. @throws NotFoundError, InvalidArgumentError where several may be meant */
export function findSandbox({ sandboxes }: Tables, id: string, doing: string): PodSandboxRecord {
	const record = sandboxes.find(id);
	if (record !== undefined && isListed(record)) return record;
	throw new NotFoundError(`cannot ${doing} "${id}": there is no such pod sandbox`);
}

/** The container, by id or a prefix. @throws NotFoundError, InvalidArgumentError where several may be meant */
export function findContainer({ containers }: Tables, id: string, doing: string): ContainerRecord {
	const record = containers.find(id);
	if (record !== undefined && isListed(record)) return record;
	throw new NotFoundError(`cannot ${doing} "${id}": there is no such container`);
}

/** @throws NotFoundError; FailedPreconditionError where it does not run */
export function findRunning(parts: Tables, id: string, doing: string): ContainerRecord {
	const record = findContainer(parts, id, doing);
	const state = containerState(record);
	if (state === 'running') return record;
	throw new FailedPreconditionError(
		`cannot ${doing} "${id}": the container is ${state}, and must be running`,
	);
}

/**
 * A container whose monitor runs: one that is only created can be attached to, so that nothing it says is missed.
 * @throws NotFoundError, FailedPreconditionError. Source: CRI-O 1.36 server/container_attach.go
 */
export function findAttachable(parts: Tables, id: string, doing: string): ContainerRecord {
	const record = findContainer(parts, id, doing);
	return containerState(record) === 'created' ? record : findRunning(parts, id, doing);
}

/** @throws NotFoundError; FailedPreconditionError where it is stopped */
export function findReady(parts: Tables, id: string, doing: string): PodSandboxRecord {
	const record = findSandbox(parts, id, doing);
	if (podSandboxState(record) === 'ready') return record;
	throw new FailedPreconditionError(`cannot ${doing} "${id}": the pod sandbox is stopped`);
}

/** Containers of a sandbox, in whatever phase. */
export function containersOf({ containers }: Tables, podSandboxId: string): readonly ContainerRecord[] {
	return containers.all().filter((container) => container.podSandboxId === podSandboxId);
}

/** Names of the queue: what is done to one object is done in order. */
export function sandboxKey(id: string): string {
	return `pod ${id}`;
}
export function containerKey(id: string): string {
	return `container ${id}`;
}
