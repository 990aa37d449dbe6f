/** PodSandboxes, from the wire and as a filter to it. */
import { mapContainerStatus } from './codec-container.ts';
import {
	mapList,
	mapOptional,
	readEnum,
	readMessage,
	readNanos,
	readStringMap,
	readText,
	type WireMessage,
} from './codec-fields.ts';
import { mapPodSandboxMetadata } from './codec-metadata.ts';
import { podSandboxId } from './ids.ts';
import type {
	NamespaceMode,
	NamespaceOptions,
	PodSandbox,
	PodSandboxState,
	PodSandboxStatus,
} from './model.ts';
import type { PodSandboxFilter } from './ports.ts';

const states = new Map<unknown, PodSandboxState>([
	['SANDBOX_READY', 'ready'],
	['SANDBOX_NOTREADY', 'notReady'],
	[0, 'ready'],
	[1, 'notReady'],
]);
const namespaceModes = new Map<unknown, NamespaceMode>([
	['POD', 'pod'],
	['CONTAINER', 'container'],
	['NODE', 'node'],
	['TARGET', 'target'],
]);

/** Source: message PodSandbox; the fields it shares with PodSandboxStatus. */
export function mapPodSandbox(wire: WireMessage): PodSandbox {
	return {
		id: podSandboxId(readText(wire['id'])),
		metadata: mapPodSandboxMetadata(wire['metadata']),
		state: readEnum(wire['state'], states),
		createdAtNanos: readNanos(wire['createdAt']),
		labels: readStringMap(wire['labels']),
		annotations: readStringMap(wire['annotations']),
		runtimeHandler: readText(wire['runtimeHandler']),
	};
}

/** Source: message PodSandboxStatusResponse. */
export function mapPodSandboxStatus(wire: WireMessage): PodSandboxStatus {
	const status = readMessage(wire['status']);
	const network = readMessage(status['network']);
	return {
		...mapPodSandbox(status),
		ip: readText(network['ip']),
		additionalIps: mapList(network['additionalIps'], (address) => readText(address['ip'])),
		namespaces: mapOptional(
			readMessage(readMessage(status['linux'])['namespaces'])['options'],
			mapNamespaces,
		),
		info: readStringMap(wire['info']),
		containerStatuses: mapList(wire['containersStatuses'], (container) =>
			mapContainerStatus({ status: container }),
		),
	};
}

function mapNamespaces(wire: WireMessage): NamespaceOptions {
	return {
		network: readEnum(wire['network'], namespaceModes),
		pid: readEnum(wire['pid'], namespaceModes),
		ipc: readEnum(wire['ipc'], namespaceModes),
		targetId: readText(wire['targetId']),
		userns: mapOptional(wire['usernsOptions'], (options) => readEnum(options['mode'], namespaceModes)),
	};
}

/**
 * The filter as the protocol writes it. A state of `unknown` exists in the model only, so that it filters
 * nothing.
 */
export function podSandboxFilterToWire(filter: PodSandboxFilter | undefined): WireMessage | undefined {
	if (filter === undefined) return undefined;
	const state = [...states].find(([, word]) => word === filter.state)?.[0];
	return {
		id: filter.id ?? '',
		labelSelector: filter.labelSelector ?? {},
		...(state === undefined ? {} : { state: { state } }),
	};
}
