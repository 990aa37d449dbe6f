/** Containers, from the wire and as a filter to it. */
import {
	mapList,
	mapOptional,
	readBigint,
	readEnum,
	readFlag,
	readMessage,
	readNanos,
	readNumber,
	readSet,
	readStringMap,
	readText,
	type WireMessage,
} from './codec-fields.ts';
import { mapImageSpec } from './codec-image.ts';
import { mapContainerMetadata } from './codec-metadata.ts';
import { containerId, imageId, podSandboxId } from './ids.ts';
import type {
	Container,
	ContainerResources,
	ContainerState,
	ContainerStatus,
	ContainerUser,
	Mount,
	MountPropagation,
} from './model.ts';
import type { ContainerFilter } from './ports.ts';

const states = new Map<unknown, ContainerState>([
	['CONTAINER_CREATED', 'created'],
	['CONTAINER_RUNNING', 'running'],
	['CONTAINER_EXITED', 'exited'],
	['CONTAINER_UNKNOWN', 'unknown'],
	[0, 'created'],
	[1, 'running'],
	[2, 'exited'],
	[3, 'unknown'],
]);
const propagations = new Map<unknown, MountPropagation>([
	['PROPAGATION_PRIVATE', 'private'],
	['PROPAGATION_HOST_TO_CONTAINER', 'hostToContainer'],
	['PROPAGATION_BIDIRECTIONAL', 'bidirectional'],
]);

/** Source: message Container; the fields it shares with ContainerStatus. */
export function mapContainer(wire: WireMessage): Container {
	return {
		id: containerId(readText(wire['id'])),
		podSandboxId: podSandboxId(readText(wire['podSandboxId'])),
		metadata: mapContainerMetadata(wire['metadata']),
		image: mapImageSpec(wire['image']),
		imageRef: readText(wire['imageRef']),
		imageId: imageId(readText(wire['imageId'])),
		state: readEnum(wire['state'], states),
		createdAtNanos: readNanos(wire['createdAt']),
		labels: readStringMap(wire['labels']),
		annotations: readStringMap(wire['annotations']),
	};
}

/**
 * Source: message ContainerStatusResponse. The protocol does not name the sandbox there: it is taken from
 * the verbose answer of runtimes which tell it (containerd, CRI-O), and is '' otherwise.
 */
export function mapContainerStatus(wire: WireMessage): ContainerStatus {
	const status = readMessage(wire['status']);
	const info = readStringMap(wire['info']);
	const signal = readText(status['stopSignal']);
	return {
		...mapContainer(status),
		podSandboxId: podSandboxId(sandboxOfInfo(info['info'])),
		startedAtNanos: readNanos(status['startedAt']),
		finishedAtNanos: readNanos(status['finishedAt']),
		exitCode: readNumber(status['exitCode']),
		reason: readText(status['reason']),
		message: readText(status['message']),
		mounts: mapList(status['mounts'], mapMount),
		logPath: readText(status['logPath']),
		resources: mapOptional(readMessage(status['resources'])['linux'], mapResources),
		user: mapOptional(readMessage(status['user'])['linux'], mapUser),
		stopSignal: signal === 'RUNTIME_DEFAULT' ? '' : signal,
		info,
	};
}

/** The sandbox's id in the JSON text of a verbose answer; '' where the text is something else. */
function sandboxOfInfo(text: unknown): string {
	if (typeof text !== 'string') return '';
	try {
		return readText(readMessage(JSON.parse(text))['sandboxID']);
	} catch {
		// No JSON: the field belongs to the runtime, which may write what it likes.
		return '';
	}
}

function mapMount(wire: WireMessage): Mount {
	return {
		containerPath: readText(wire['containerPath']),
		hostPath: readText(wire['hostPath']),
		readonly: readFlag(wire['readonly']),
		recursiveReadOnly: readFlag(wire['recursiveReadOnly']),
		selinuxRelabel: readFlag(wire['selinuxRelabel']),
		propagation: readEnum(wire['propagation'], propagations),
		image: mapOptional(wire['image'], mapImageSpec),
		imageSubPath: readText(wire['imageSubPath']),
	};
}

function mapResources(wire: WireMessage): ContainerResources {
	return {
		cpuPeriodMicros: readSet(wire['cpuPeriod']),
		cpuQuotaMicros: readSet(wire['cpuQuota']),
		cpuShares: readSet(wire['cpuShares']),
		memoryLimitBytes: readSet(wire['memoryLimitInBytes']),
		memorySwapLimitBytes: readSet(wire['memorySwapLimitInBytes']),
		oomScoreAdj: readSet(wire['oomScoreAdj']),
		cpusetCpus: readText(wire['cpusetCpus']),
		cpusetMems: readText(wire['cpusetMems']),
		unified: readStringMap(wire['unified']),
	};
}

function mapUser(wire: WireMessage): ContainerUser {
	const groups = wire['supplementalGroups'];
	return {
		uid: readBigint(wire['uid']),
		gid: readBigint(wire['gid']),
		supplementalGroups: Array.isArray(groups) ? groups.map(readBigint) : [],
	};
}

/** Limits as message LinuxContainerResources; what is undefined is not said. */
export function resourcesToWire(resources: ContainerResources): WireMessage {
	return {
		cpuPeriod: String(resources.cpuPeriodMicros ?? 0n),
		cpuQuota: String(resources.cpuQuotaMicros ?? 0n),
		cpuShares: String(resources.cpuShares ?? 0n),
		memoryLimitInBytes: String(resources.memoryLimitBytes ?? 0n),
		memorySwapLimitInBytes: String(resources.memorySwapLimitBytes ?? 0n),
		oomScoreAdj: String(resources.oomScoreAdj ?? 0n),
		cpusetCpus: resources.cpusetCpus,
		cpusetMems: resources.cpusetMems,
		unified: resources.unified,
	};
}

/** The filter as messages ContainerFilter and (without a state) ContainerStatsFilter write it. */
export function containerFilterToWire(filter: ContainerFilter | undefined): WireMessage | undefined {
	if (filter === undefined) return undefined;
	const state = [...states].find(([, word]) => word === filter.state)?.[0];
	return {
		id: filter.id ?? '',
		podSandboxId: filter.podSandboxId ?? '',
		labelSelector: filter.labelSelector ?? {},
		...(state === undefined ? {} : { state: { state } }),
	};
}
