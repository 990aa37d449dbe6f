/** Measurements, events and metrics to the wire: the server's half of codec-stats.ts and codec-runtime.ts. */
import { containerMetadataToWire, containerStatusToWire } from './codec-container-served.ts';
import type { WireMessage } from './codec-fields.ts';
import { podSandboxMetadataToWire, podSandboxStatusToWire } from './codec-pod-sandbox-served.ts';
import { filesystemUsageToWire } from './codec-stats.ts';
import type {
	ContainerEvent,
	ContainerEventType,
	ContainerStats,
	CpuUsage,
	IoUsage,
	MemoryUsage,
	Metric,
	MetricDescriptor,
	NetworkInterfaceUsage,
	PodSandboxMetrics,
	PodSandboxStats,
	PsiLine,
	PsiStats,
} from './model.ts';

/** Source: message ContainerStats. */
export function containerStatsToWire(stats: ContainerStats): WireMessage {
	const timestamp = String(stats.memory?.timestampNanos ?? stats.cpu?.timestampNanos ?? 0n);
	return {
		attributes: {
			id: stats.id,
			metadata: containerMetadataToWire(stats.metadata),
			labels: stats.labels,
			annotations: stats.annotations,
		},
		cpu: optional(stats.cpu, cpuToWire),
		memory: optional(stats.memory, memoryToWire),
		writableLayer: optional(stats.writableLayer, filesystemUsageToWire),
		swap:
			stats.swapUsageBytes === undefined
				? null
				: { timestamp, swapUsageBytes: { value: String(stats.swapUsageBytes) } },
		io: optional(stats.io, ioToWire),
	};
}

/** Source: message PodSandboxStats. */
export function podSandboxStatsToWire(stats: PodSandboxStats, timestampNanos: bigint): WireMessage {
	const timestamp = String(timestampNanos);
	return {
		attributes: {
			id: stats.id,
			metadata: podSandboxMetadataToWire(stats.metadata),
			labels: stats.labels,
			annotations: stats.annotations,
		},
		linux: {
			cpu: optional(stats.cpu, cpuToWire),
			memory: optional(stats.memory, memoryToWire),
			network:
				stats.interfaces.length === 0 && stats.defaultInterface === undefined
					? null
					: {
							timestamp,
							defaultInterface: optional(stats.defaultInterface, interfaceToWire),
							interfaces: stats.interfaces.map(interfaceToWire),
						},
			process:
				stats.processCount === undefined ? null : { timestamp, processCount: wrapped(stats.processCount) },
			containers: stats.containers.map(containerStatsToWire),
			io: optional(stats.io, ioToWire),
		},
	};
}

function cpuToWire(cpu: CpuUsage): WireMessage {
	return {
		timestamp: String(cpu.timestampNanos),
		usageCoreNanoSeconds: wrapped(cpu.usageCoreNanos),
		usageNanoCores: wrapped(cpu.usageNanoCores),
		psi: optional(cpu.psi, psiToWire),
	};
}

function memoryToWire(memory: MemoryUsage): WireMessage {
	return {
		timestamp: String(memory.timestampNanos),
		workingSetBytes: wrapped(memory.workingSetBytes),
		availableBytes: wrapped(memory.availableBytes),
		usageBytes: wrapped(memory.usageBytes),
		rssBytes: wrapped(memory.rssBytes),
		pageFaults: wrapped(memory.pageFaults),
		majorPageFaults: wrapped(memory.majorPageFaults),
		psi: optional(memory.psi, psiToWire),
	};
}

function ioToWire({ timestampNanos, psi }: IoUsage): WireMessage {
	return { timestamp: String(timestampNanos), psi: optional(psi, psiToWire) };
}

function psiToWire({ full, some }: PsiStats): WireMessage {
	return { Full: optional(full, psiLineToWire), Some: optional(some, psiLineToWire) };
}

function psiLineToWire({ totalNanos, avg10, avg60, avg300 }: PsiLine): WireMessage {
	return { Total: String(totalNanos), Avg10: avg10, Avg60: avg60, Avg300: avg300 };
}

function interfaceToWire(usage: NetworkInterfaceUsage): WireMessage {
	return {
		name: usage.name,
		rxBytes: wrapped(usage.rxBytes),
		rxErrors: wrapped(usage.rxErrors),
		txBytes: wrapped(usage.txBytes),
		txErrors: wrapped(usage.txErrors),
	};
}

const eventWords: Readonly<Record<ContainerEventType, string>> = {
	created: 'CONTAINER_CREATED_EVENT',
	started: 'CONTAINER_STARTED_EVENT',
	stopped: 'CONTAINER_STOPPED_EVENT',
	deleted: 'CONTAINER_DELETED_EVENT',
	unknown: 'CONTAINER_CREATED_EVENT',
};

/** Source: message ContainerEventResponse. */
export function containerEventToWire(event: ContainerEvent): WireMessage {
	return {
		containerId: event.containerId,
		containerEventType: eventWords[event.type],
		createdAt: String(event.createdAtNanos),
		podSandboxStatus: optional(event.podSandboxStatus, podSandboxStatusToWire),
		containersStatuses: event.containerStatuses.map(containerStatusToWire),
	};
}

/** Source: message MetricDescriptor. */
export function metricDescriptorToWire({ name, help, labelKeys }: MetricDescriptor): WireMessage {
	return { name, help, labelKeys };
}

/** Source: message PodSandboxMetrics. */
export function podSandboxMetricsToWire(metrics: PodSandboxMetrics): WireMessage {
	return {
		podSandboxId: metrics.podSandboxId,
		metrics: metrics.metrics.map(metricToWire),
		containerMetrics: metrics.containers.map((container) => ({
			containerId: container.containerId,
			metrics: container.metrics.map(metricToWire),
		})),
	};
}

function metricToWire(metric: Metric): WireMessage {
	return {
		name: metric.name,
		timestamp: String(metric.timestampNanos),
		metricType: metric.type === 'gauge' ? 'GAUGE' : 'COUNTER',
		labelValues: metric.labelValues,
		value: wrapped(metric.value),
	};
}

function wrapped(value: bigint | undefined): WireMessage | null {
	return value === undefined ? null : { value: String(value) };
}

function optional<Model>(
	value: Model | undefined,
	toWire: (value: Model) => WireMessage,
): WireMessage | null {
	return value === undefined ? null : toWire(value);
}
