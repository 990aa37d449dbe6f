import { readFile } from 'node:fs/promises';
import { matchesPodSandbox } from '../../cri/filters.ts';
import { podSandboxId } from '../../cri/ids.ts';
import type { CpuUsage, MemoryUsage, PodSandboxStats } from '../../cri/model.ts';
import type { PodSandboxFilter } from '../../cri/ports.ts';
import type { ServedRuntime } from '../../cri/transport/served-runtime.ts';
import type { CgroupReading } from '../cgroup/cgroups.ts';
import type { PodSandboxRecord } from '../store/model.ts';
import { isListed, podSandboxState } from '../store/states.ts';
import { ioUsage, measureContainers } from './container-stats.ts';
import { type InterfaceCounts, parseNetDev } from './net-dev.ts';
import { containersOf, findSandbox, type PodParts } from './pod-parts.ts';
import { describeSandbox } from './sandbox-describe.ts';
import { podCgroupPath } from './sandbox-dismantle.ts';
import type { UsageSamples } from './usage-samples.ts';

type Parts = PodParts & { readonly samples: UsageSamples };

/** RPC PodSandboxStats. @throws NotFoundError */
export function createPodSandboxStats(parts: Parts): ServedRuntime['podSandboxStats'] {
	return async (id) => measureSandbox(parts, findSandbox(parts, id, 'measure pod sandbox'));
}

/** RPC ListPodSandboxStats: of those that are ready. */
export function createListPodSandboxStats(parts: Parts): ServedRuntime['listPodSandboxStats'] {
	return (filter) => measureSandboxes(parts, filter);
}

/** RPC StreamPodSandboxStats. */
export function createStreamPodSandboxStats(parts: Parts): ServedRuntime['streamPodSandboxStats'] {
	return async function* (filter) {
		yield* await measureSandboxes(parts, filter);
	};
}

async function measureSandboxes(
	parts: Parts,
	filter: Omit<PodSandboxFilter, 'state'> | undefined,
): Promise<readonly PodSandboxStats[]> {
	const ready = parts.sandboxes
		.all()
		.filter((record) => isListed(record) && podSandboxState(record) === 'ready')
		.filter((record) => filter === undefined || matchesPodSandbox(describeSandbox(record), filter));
	return Promise.all(ready.map((record) => measureSandbox(parts, record)));
}

/** The pod's cgroup where it has one to itself; the sum of its containers otherwise. */
async function measureSandbox(parts: Parts, record: PodSandboxRecord): Promise<PodSandboxStats> {
	const { metadata, labels, annotations } = record.request;
	const records = containersOf(parts, record.id).filter(isListed);
	const containers = await measureContainers(parts, records);
	// The default slice is every pod's.
	const reading = record.cgroupParent === '' ? undefined : parts.cgroups.read(podCgroupPath(parts, record));
	const interfaces = await readInterfaces(parts, record);
	return {
		id: podSandboxId(record.id),
		metadata,
		labels,
		annotations,
		cpu: parts.samples.withRate(record.id, reading?.cpu ?? sumCpu(containers.map(({ cpu }) => cpu))),
		memory: reading?.memory ?? sumMemory(containers.map(({ memory }) => memory)),
		defaultInterface: interfaces.find(({ name }) => name === 'eth0') ?? interfaces[0],
		interfaces,
		processCount: processCount(
			reading,
			records.map(({ cgroupPath }) => parts.cgroups.read(cgroupPath)),
		),
		io: ioUsage(reading),
		containers,
	};
}

function processCount(pod: CgroupReading | undefined, containers: readonly (CgroupReading | undefined)[]) {
	if (pod?.pids !== undefined) return pod.pids;
	const counted = containers.flatMap((reading) => (reading?.pids === undefined ? [] : [reading.pids]));
	return counted.length === 0 ? undefined : counted.reduce((sum, count) => sum + count, 0n);
}

function sumCpu(usages: readonly (CpuUsage | undefined)[]): CpuUsage | undefined {
	const known = usages.filter((usage) => usage !== undefined);
	const first = known[0];
	if (first === undefined) return undefined;
	return {
		timestampNanos: first.timestampNanos,
		usageCoreNanos: known.reduce((sum, { usageCoreNanos = 0n }) => sum + usageCoreNanos, 0n),
		usageNanoCores: undefined,
		psi: undefined,
	};
}

function sumMemory(usages: readonly (MemoryUsage | undefined)[]): MemoryUsage | undefined {
	const known = usages.filter((usage) => usage !== undefined);
	const first = known[0];
	if (first === undefined) return undefined;
	const sum = (read: (usage: MemoryUsage) => bigint | undefined) =>
		known.reduce((total, usage) => total + (read(usage) ?? 0n), 0n);
	return {
		timestampNanos: first.timestampNanos,
		workingSetBytes: sum(({ workingSetBytes }) => workingSetBytes),
		availableBytes: undefined,
		usageBytes: sum(({ usageBytes }) => usageBytes),
		rssBytes: sum(({ rssBytes }) => rssBytes),
		pageFaults: sum(({ pageFaults }) => pageFaults),
		majorPageFaults: sum(({ majorPageFaults }) => majorPageFaults),
		psi: undefined,
	};
}

/** Seen through any process of the pod; without one there is nobody to use the network. */
export async function readInterfaces(
	parts: PodParts,
	record: PodSandboxRecord,
): Promise<readonly InterfaceCounts[]> {
	if (record.request.security.namespaces.network === 'node') return [];
	const pids = [record.infra?.init, ...containersOf(parts, record.id).map(({ init }) => init)]
		.filter((init) => init !== undefined && parts.processes.isAlive(init))
		.map((init) => init?.pid);
	if (pids[0] === undefined) return [];
	const text = await readFile(`/proc/${pids[0]}/net/dev`, 'utf8').catch(() => '');
	return parseNetDev(text).filter(({ name }) => name !== 'lo');
}
