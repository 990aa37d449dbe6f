import type { ContainerId, PodSandboxId } from '../../cri/ids.ts';
import type { ContainerState, ContainerStatus, PodSandboxState, PodSandboxStatus } from '../../cri/model.ts';
import { type PortMapping, parsePortMappings, parseVerboseInfo } from '../../cri/verbose-info.ts';

/** What a container's status says beyond its list row; fetched once per state the container is in. */
export type ContainerFacts = {
	readonly id: ContainerId;
	/** State at the time of fetching: when the list disagrees, the facts are stale. */
	readonly state: ContainerState;
	readonly startedAtNanos: bigint | undefined;
	readonly finishedAtNanos: bigint | undefined;
	readonly exitCode: number;
	readonly reason: string;
	readonly message: string;
	readonly logPath: string;
	/** What a stop sends first; '' or absent where the runtime does not say. */
	readonly stopSignal?: string | undefined;
	readonly pid: number | undefined;
	readonly command: readonly string[];
	readonly cpuLimitMillicores: number | undefined;
	readonly memoryLimitBytes: number | undefined;
	readonly cgroupsPath: string | undefined;
	/** Ports that kubelet's annotation declares. */
	readonly ports: readonly PortMapping[];
};

/** What a sandbox's status says beyond its list row. */
export type PodSandboxFacts = {
	readonly id: PodSandboxId;
	readonly state: PodSandboxState;
	/** '' on the host's network. */
	readonly ip: string;
	readonly additionalIps: readonly string[];
	readonly hostNetwork: boolean;
	readonly ports: readonly PortMapping[];
};

/** Picks the facts out of a verbose ContainerStatus. */
export function containerFactsOf(status: ContainerStatus): ContainerFacts {
	const verbose = parseVerboseInfo(status.info);
	const { resources } = status;
	const quota = resources?.cpuQuotaMicros;
	const period = resources?.cpuPeriodMicros ?? 100_000n;
	const memory = resources?.memoryLimitBytes;
	return {
		id: status.id,
		state: status.state,
		startedAtNanos: status.startedAtNanos,
		finishedAtNanos: status.finishedAtNanos,
		exitCode: status.exitCode,
		reason: status.reason,
		message: status.message,
		logPath: status.logPath,
		stopSignal: status.stopSignal,
		pid: verbose.pid,
		command: verbose.args,
		cpuLimitMillicores:
			quota !== undefined && quota > 0n
				? (Number(quota) / Number(period)) * 1000
				: verbose.cpuLimitMillicores,
		memoryLimitBytes: memory !== undefined && memory > 0n ? Number(memory) : verbose.memoryLimitBytes,
		cgroupsPath: verbose.cgroupsPath,
		ports: parsePortMappings(status.annotations['io.kubernetes.container.ports']),
	};
}

/** Picks the facts out of a verbose PodSandboxStatus. */
export function podSandboxFactsOf(status: PodSandboxStatus): PodSandboxFacts {
	return {
		id: status.id,
		state: status.state,
		ip: status.ip,
		additionalIps: status.additionalIps,
		hostNetwork: status.namespaces?.network === 'node',
		ports: parseVerboseInfo(status.info).portMappings,
	};
}
