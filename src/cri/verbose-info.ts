/**
 * Reads what runtimes put into the verbose `info` map of their status answers: JSON under the key "info",
 * differently named by containerd and CRI-O, with the OCI runtime spec inside. Everything is optional and
 * everything is checked, since this is an unversioned side channel.
 * Source: containerd 1.6–2.x internal/cri (ContainerInfo, SandboxInfo), cri-o 1.36 server/container_status.go.
 */
import type { StringMap } from './model.ts';

/** Facts that only the verbose answer has; undefined where the runtime did not say. */
export type VerboseInfo = {
	readonly pid: number | undefined;
	/** The OCI spec, untyped: shown as it is. */
	readonly runtimeSpec: JsonObject | undefined;
	readonly args: readonly string[];
	readonly env: readonly string[];
	readonly cgroupsPath: string | undefined;
	/** Thousandths of a core, from quota and period. */
	readonly cpuLimitMillicores: number | undefined;
	readonly memoryLimitBytes: number | undefined;
	readonly portMappings: readonly PortMapping[];
	/** Path of the pinned network namespace, where the spec names one. */
	readonly networkNamespacePath: string | undefined;
	readonly snapshotter: string | undefined;
	readonly runtimeType: string | undefined;
};

/** A port of the pod's configuration. `hostPort` 0 means none. */
export type PortMapping = {
	readonly protocol: string;
	readonly containerPort: number;
	readonly hostPort: number;
	readonly hostIp: string;
};

/** A JSON object of unknown shape. */
export type JsonObject = { readonly [key: string]: unknown };

function object(value: unknown): JsonObject | undefined {
	return typeof value === 'object' && value !== null && !Array.isArray(value)
		? (value as JsonObject)
		: undefined;
}

function text(value: unknown): string | undefined {
	return typeof value === 'string' && value !== '' ? value : undefined;
}

function positive(value: unknown): number | undefined {
	const number = typeof value === 'string' ? Number(value) : value;
	return typeof number === 'number' && Number.isFinite(number) && number > 0 ? number : undefined;
}

function strings(value: unknown): readonly string[] {
	return Array.isArray(value) ? value.filter((item): item is string => typeof item === 'string') : [];
}

function parsed(json: string | undefined): JsonObject | undefined {
	if (!json) return undefined;
	try {
		return object(JSON.parse(json));
	} catch {
		return undefined;
	}
}

const protocols = ['TCP', 'UDP', 'SCTP'];

function portMapping(value: unknown): PortMapping | undefined {
	const port = object(value);
	if (!port) return undefined;
	const containerPort = positive(port['container_port'] ?? port['containerPort']);
	if (containerPort === undefined) return undefined;
	const protocol = port['protocol'];
	return {
		protocol:
			typeof protocol === 'number' ? (protocols[protocol] ?? 'TCP') : (text(protocol) ?? 'TCP').toUpperCase(),
		containerPort,
		hostPort: positive(port['host_port'] ?? port['hostPort']) ?? 0,
		hostIp: text(port['host_ip'] ?? port['hostIP']) ?? '',
	};
}

/** Port mappings from a JSON array as kubelet's and CRI-O's annotations hold it; anything else is []. */
export function parsePortMappings(value: unknown): readonly PortMapping[] {
	const list = typeof value === 'string' ? safeArray(value) : value;
	return Array.isArray(list)
		? list.map(portMapping).filter((port): port is PortMapping => port !== undefined)
		: [];
}

function safeArray(json: string): unknown {
	try {
		return JSON.parse(json);
	} catch {
		return undefined;
	}
}

/** Reads the info map of ContainerStatus or PodSandboxStatus; never throws. */
export function parseVerboseInfo(info: StringMap): VerboseInfo {
	const root = parsed(info['info']) ?? {};
	const spec = object(root['runtimeSpec']);
	const config = object(root['config']);
	const process = object(spec?.['process']);
	const linux = object(spec?.['linux']);
	const resources = object(linux?.['resources']);
	const cpu = object(resources?.['cpu']);
	const quota = positive(cpu?.['quota']);
	const period = positive(cpu?.['period']) ?? 100_000;
	const annotations = object(spec?.['annotations']);
	const namespaces = linux?.['namespaces'];
	const network = Array.isArray(namespaces)
		? namespaces.map(object).find((namespace) => namespace?.['type'] === 'network')
		: undefined;
	return {
		pid: positive(root['pid']),
		runtimeSpec: spec,
		args: strings(process?.['args']),
		env: strings(process?.['env']),
		cgroupsPath: text(linux?.['cgroupsPath']),
		cpuLimitMillicores: quota === undefined ? undefined : (quota / period) * 1000,
		memoryLimitBytes: positive(object(resources?.['memory'])?.['limit']),
		portMappings: parsePortMappings(
			config?.['port_mappings'] ?? annotations?.['io.kubernetes.cri-o.PortMappings'],
		),
		networkNamespacePath: text(network?.['path']),
		snapshotter: text(root['snapshotter']),
		runtimeType: text(root['runtimeType']),
	};
}
