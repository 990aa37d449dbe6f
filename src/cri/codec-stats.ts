/** Measurements of containers, PodSandboxes and filesystems. */
import {
	mapList,
	mapOptional,
	readBigint,
	readMessage,
	readNumber,
	readStringMap,
	readText,
	readWrapped,
	type WireMessage,
} from './codec-fields.ts';
import { mapContainerMetadata, mapPodSandboxMetadata } from './codec-metadata.ts';
import { containerId, podSandboxId } from './ids.ts';
import type {
	ContainerStats,
	CpuUsage,
	FilesystemUsage,
	IoUsage,
	MemoryUsage,
	NetworkInterfaceUsage,
	PodSandboxStats,
	PsiLine,
	PsiStats,
} from './model.ts';

/** Source: message FilesystemUsage. */
export function mapFilesystemUsage(wire: WireMessage): FilesystemUsage {
	return {
		timestampNanos: readBigint(wire['timestamp']),
		mountpoint: readText(readMessage(wire['fsId'])['mountpoint']),
		usedBytes: readWrapped(wire['usedBytes']),
		inodesUsed: readWrapped(wire['inodesUsed']),
	};
}

/** Source: message FilesystemUsage. */
export function filesystemUsageToWire(usage: FilesystemUsage): WireMessage {
	return {
		timestamp: String(usage.timestampNanos),
		fsId: { mountpoint: usage.mountpoint },
		usedBytes: usage.usedBytes === undefined ? null : { value: String(usage.usedBytes) },
		inodesUsed: usage.inodesUsed === undefined ? null : { value: String(usage.inodesUsed) },
	};
}

/** Source: message ContainerStats. */
export function mapContainerStats(wire: WireMessage): ContainerStats {
	const attributes = readMessage(wire['attributes']);
	return {
		id: containerId(readText(attributes['id'])),
		metadata: mapContainerMetadata(attributes['metadata']),
		labels: readStringMap(attributes['labels']),
		annotations: readStringMap(attributes['annotations']),
		cpu: mapOptional(wire['cpu'], mapCpu),
		memory: mapOptional(wire['memory'], mapMemory),
		writableLayer: mapOptional(wire['writableLayer'], mapFilesystemUsage),
		swapUsageBytes: readWrapped(readMessage(wire['swap'])['swapUsageBytes']),
		io: mapOptional(wire['io'], mapIo),
	};
}

/** Source: message PodSandboxStats, its `linux` part. */
export function mapPodSandboxStats(wire: WireMessage): PodSandboxStats {
	const attributes = readMessage(wire['attributes']);
	const linux = readMessage(wire['linux']);
	const network = readMessage(linux['network']);
	return {
		id: podSandboxId(readText(attributes['id'])),
		metadata: mapPodSandboxMetadata(attributes['metadata']),
		labels: readStringMap(attributes['labels']),
		annotations: readStringMap(attributes['annotations']),
		cpu: mapOptional(linux['cpu'], mapCpu),
		memory: mapOptional(linux['memory'], mapMemory),
		defaultInterface: mapOptional(network['defaultInterface'], mapInterface),
		interfaces: mapList(network['interfaces'], mapInterface),
		processCount: readWrapped(readMessage(linux['process'])['processCount']),
		io: mapOptional(linux['io'], mapIo),
		containers: mapList(linux['containers'], mapContainerStats),
	};
}

function mapCpu(wire: WireMessage): CpuUsage {
	return {
		timestampNanos: readBigint(wire['timestamp']),
		usageCoreNanos: readWrapped(wire['usageCoreNanoSeconds']),
		usageNanoCores: readWrapped(wire['usageNanoCores']),
		psi: mapOptional(wire['psi'], mapPsi),
	};
}

function mapMemory(wire: WireMessage): MemoryUsage {
	return {
		timestampNanos: readBigint(wire['timestamp']),
		workingSetBytes: readWrapped(wire['workingSetBytes']),
		availableBytes: readWrapped(wire['availableBytes']),
		usageBytes: readWrapped(wire['usageBytes']),
		rssBytes: readWrapped(wire['rssBytes']),
		pageFaults: readWrapped(wire['pageFaults']),
		majorPageFaults: readWrapped(wire['majorPageFaults']),
		psi: mapOptional(wire['psi'], mapPsi),
	};
}

function mapIo(wire: WireMessage): IoUsage {
	return { timestampNanos: readBigint(wire['timestamp']), psi: mapOptional(wire['psi'], mapPsi) };
}

/** The definition writes these few names with a capital letter, unlike all others. */
function mapPsi(wire: WireMessage): PsiStats {
	return { full: mapOptional(wire['Full'], mapPsiLine), some: mapOptional(wire['Some'], mapPsiLine) };
}

function mapPsiLine(wire: WireMessage): PsiLine {
	return {
		totalNanos: readBigint(wire['Total']),
		avg10: readNumber(wire['Avg10']),
		avg60: readNumber(wire['Avg60']),
		avg300: readNumber(wire['Avg300']),
	};
}

function mapInterface(wire: WireMessage): NetworkInterfaceUsage {
	return {
		name: readText(wire['name']),
		rxBytes: readWrapped(wire['rxBytes']),
		rxErrors: readWrapped(wire['rxErrors']),
		txBytes: readWrapped(wire['txBytes']),
		txErrors: readWrapped(wire['txErrors']),
	};
}
