/** PodSandboxes to the wire, and the questions about them from it: the server's half of codec-pod-sandbox.ts. */
import { containerStatusToWire } from './codec-container-served.ts';
import { mapOptional, readStringMap, readText, type WireMessage } from './codec-fields.ts';
import type {
	NamespaceOptions,
	PodSandbox,
	PodSandboxMetadata,
	PodSandboxState,
	PodSandboxStatus,
} from './model.ts';
import type { PodSandboxFilter } from './ports.ts';

const states = new Map<unknown, PodSandboxState>([
	['SANDBOX_READY', 'ready'],
	['SANDBOX_NOTREADY', 'notReady'],
]);

/** Source: message PodSandboxMetadata. */
export function podSandboxMetadataToWire({ name, uid, namespace, attempt }: PodSandboxMetadata): WireMessage {
	return { name, uid, namespace, attempt };
}

/** Source: message PodSandbox. */
export function podSandboxToWire(pod: PodSandbox): WireMessage {
	return {
		id: pod.id,
		metadata: podSandboxMetadataToWire(pod.metadata),
		state: pod.state === 'ready' ? 'SANDBOX_READY' : 'SANDBOX_NOTREADY',
		createdAt: String(pod.createdAtNanos ?? 0n),
		labels: pod.labels,
		annotations: pod.annotations,
		runtimeHandler: pod.runtimeHandler,
	};
}

/** Source: message PodSandboxStatus. */
export function podSandboxStatusToWire(status: PodSandboxStatus): WireMessage {
	return {
		...podSandboxToWire(status),
		network: { ip: status.ip, additionalIps: status.additionalIps.map((ip) => ({ ip })) },
		linux: {
			namespaces: { options: status.namespaces === undefined ? null : namespacesToWire(status.namespaces) },
		},
	};
}

/** Source: message PodSandboxStatusResponse. @param timestampNanos when the container statuses were true */
export function podSandboxStatusResponseToWire(
	status: PodSandboxStatus,
	timestampNanos: bigint,
): WireMessage {
	return {
		status: podSandboxStatusToWire(status),
		info: status.info,
		containersStatuses: status.containerStatuses.map(containerStatusToWire),
		timestamp: String(timestampNanos),
	};
}

function namespacesToWire({ network, pid, ipc, targetId, userns }: NamespaceOptions): WireMessage {
	return {
		network: network.toUpperCase(),
		pid: pid.toUpperCase(),
		ipc: ipc.toUpperCase(),
		targetId,
		usernsOptions: userns === undefined ? null : { mode: userns.toUpperCase() },
	};
}

/** Source: messages PodSandboxFilter and PodSandboxStatsFilter, which has no state. undefined: all. */
export function mapPodSandboxFilter(value: unknown): PodSandboxFilter | undefined {
	return mapOptional(value, (wire) => ({
		id: readText(wire['id']) || undefined,
		state: mapOptional(wire['state'], (state) => states.get(state['state']) ?? 'unknown'),
		labelSelector: readStringMap(wire['labelSelector']),
	}));
}
