/**
 * Which metrics containers and pods have: names and units are cAdvisor's, which dashboards know. One entry a metric, and there
 * are 56 of them: more than 300 lines, with nothing beside the table.
 */
import type { PsiStats } from '../../cri/model.ts';
import type { CgroupDetails, DeviceUse } from '../cgroup/cgroup-details.ts';
import type { ContainerRecord } from '../store/model.ts';
import {
	type ContainerRow,
	type ContainerSource,
	labelled,
	type MetricRow,
	type Name,
	type Read,
	row,
} from './metric-row.ts';
import type { InterfaceCounts } from './net-dev.ts';

const billion = 1_000_000_000n;

/** Metrics are whole numbers, and Prometheus wants base units. */
const seconds = (nanos: bigint | undefined) => (nanos === undefined ? undefined : nanos / billion);

const memory = (field: 'usageBytes' | 'workingSetBytes' | 'rssBytes') => (source: ContainerSource) =>
	source.reading?.memory?.[field];

const memoryDetail = (field: Exclude<keyof CgroupDetails['memory'], 'psi'>) => (source: ContainerSource) =>
	source.details.memory[field];

const cpuDetail = (field: 'userNanos' | 'systemNanos' | 'throttledNanos') => (source: ContainerSource) =>
	seconds(source.details.cpu[field]);

/** No limit is none. */
const resource =
	(field: 'cpuPeriodMicros' | 'cpuQuotaMicros' | 'cpuShares' | 'memoryLimitBytes' | 'memorySwapLimitBytes') =>
	({ record }: ContainerSource) => {
		const limit = record.request.resources?.[field];
		return limit === undefined || limit < 0n ? undefined : limit;
	};

const pressure =
	(kind: 'some' | 'full', of: (details: CgroupDetails) => PsiStats | undefined) =>
	({ details }: ContainerSource) =>
		seconds(of(details)?.[kind]?.totalNanos);

const devices =
	(read: (use: DeviceUse) => bigint): ContainerRow['values'] =>
	({ details }) =>
		details.devices.map((use) => ({ value: read(use), labels: [use.device] }));

const faults: ContainerRow['values'] = ({ reading }) =>
	[
		['pgfault', reading?.memory?.pageFaults] as const,
		['pgmajfault', reading?.memory?.majorPageFaults] as const,
	].flatMap(([kind, value]) => ['container', 'hierarchy'].map((scope) => ({ value, labels: [kind, scope] })));

/** Source: cri-o 1.36 internal/lib/statsserver for names; cAdvisor for what they mean where the two differ. */
export const containerMetrics: readonly ContainerRow[] = [
	row(
		'gauge',
		undefined,
		['container_last_seen', 'Last time the container was seen, in seconds since 1970.'],
		({ nowSeconds }) => nowSeconds,
	),

	row(
		'counter',
		'cpu',
		['container_cpu_user_seconds_total', 'CPU time spent in user mode.'],
		cpuDetail('userNanos'),
	),
	row(
		'counter',
		'cpu',
		['container_cpu_system_seconds_total', 'CPU time spent in the kernel.'],
		cpuDetail('systemNanos'),
	),
	labelled('counter', 'cpu', ['container_cpu_usage_seconds_total', 'CPU time.'], ['cpu'], ({ reading }) => [
		{ value: seconds(reading?.cpu?.usageCoreNanos), labels: ['total'] },
	]),
	row(
		'counter',
		'cpu',
		['container_cpu_cfs_periods_total', 'Periods in which the CPU quota was enforced.'],
		({ details }) => details.cpu.periods,
	),
	row(
		'counter',
		'cpu',
		['container_cpu_cfs_throttled_periods_total', 'Periods in which the CPU quota was used up.'],
		({ details }) => details.cpu.throttledPeriods,
	),
	row(
		'counter',
		'cpu',
		['container_cpu_cfs_throttled_seconds_total', 'Time for which the CPU quota held processes back.'],
		cpuDetail('throttledNanos'),
	),

	row(
		'gauge',
		'disk',
		['container_fs_usage_bytes', 'Bytes of the writable layer.'],
		({ layerBytes }) => layerBytes,
	),
	row(
		'gauge',
		'disk',
		['container_fs_limit_bytes', 'Size of the filesystem of the writable layer.'],
		({ filesystem }) => filesystem?.bytes,
	),
	row(
		'gauge',
		'disk',
		['container_fs_inodes_total', 'Inodes of the filesystem of the writable layer.'],
		({ filesystem }) => filesystem?.inodes,
	),
	row(
		'gauge',
		'disk',
		['container_fs_inodes_free', 'Free inodes of the filesystem of the writable layer.'],
		({ filesystem }) => filesystem?.freeInodes,
	),

	labelled(
		'counter',
		'diskIO',
		['container_fs_reads_bytes_total', 'Bytes read from a device.'],
		['device'],
		devices(({ readBytes }) => readBytes),
	),
	labelled(
		'counter',
		'diskIO',
		['container_fs_reads_total', 'Reads from a device.'],
		['device'],
		devices(({ reads }) => reads),
	),
	labelled(
		'counter',
		'diskIO',
		['container_fs_writes_bytes_total', 'Bytes written to a device.'],
		['device'],
		devices(({ writeBytes }) => writeBytes),
	),
	labelled(
		'counter',
		'diskIO',
		['container_fs_writes_total', 'Writes to a device.'],
		['device'],
		devices(({ writes }) => writes),
	),
	labelled(
		'counter',
		'diskIO',
		['container_blkio_device_usage_total', 'Bytes moved to and from a device, by operation.'],
		['device', 'major', 'minor', 'operation'],
		({ details }) =>
			details.devices.flatMap(({ device, readBytes, writeBytes }) => [
				{ value: readBytes, labels: [device, ...device.split(':'), 'read'] },
				{ value: writeBytes, labels: [device, ...device.split(':'), 'write'] },
			]),
	),

	labelled(
		'gauge',
		'hugetlb',
		['container_hugetlb_usage_bytes', 'Huge pages in use.'],
		['pagesize'],
		({ details }) =>
			details.hugePages.map(({ pageSize, usageBytes }) => ({ value: usageBytes, labels: [pageSize] })),
	),
	labelled(
		'gauge',
		'hugetlb',
		['container_hugetlb_max_usage_bytes', 'Most huge pages that were in use.'],
		['pagesize'],
		({ details }) =>
			details.hugePages.map(({ pageSize, peakBytes }) => ({ value: peakBytes, labels: [pageSize] })),
	),

	row('gauge', 'memory', ['container_memory_cache', 'Page cache.'], memoryDetail('cacheBytes')),
	row('gauge', 'memory', ['container_memory_rss', 'Anonymous memory.'], memory('rssBytes')),
	row(
		'gauge',
		'memory',
		['container_memory_kernel_usage', 'Memory of the kernel.'],
		memoryDetail('kernelBytes'),
	),
	row(
		'gauge',
		'memory',
		['container_memory_mapped_file', 'Memory of mapped files.'],
		memoryDetail('mappedFileBytes'),
	),
	row(
		'gauge',
		'memory',
		['container_memory_swap', 'Memory that is swapped out.'],
		({ reading }) => reading?.swapBytes,
	),
	row(
		'counter',
		'memory',
		['container_memory_failcnt', 'How often the memory limit was hit.'],
		memoryDetail('limitHits'),
	),
	row(
		'gauge',
		'memory',
		['container_memory_usage_bytes', 'Memory in use, whenever it was touched last.'],
		memory('usageBytes'),
	),
	row(
		'gauge',
		'memory',
		['container_memory_max_usage_bytes', 'Most memory that was in use.'],
		memoryDetail('peakBytes'),
	),
	row(
		'gauge',
		'memory',
		['container_memory_working_set_bytes', 'Memory in use that cannot be dropped at once.'],
		memory('workingSetBytes'),
	),
	labelled(
		'counter',
		'memory',
		['container_memory_failures_total', 'Page faults.'],
		['failure_type', 'scope'],
		faults,
	),

	row(
		'counter',
		'oom',
		['container_oom_events_total', 'Processes that were killed for want of memory.'],
		({ reading }) => reading?.oomKills,
	),

	row('gauge', 'process', ['container_processes', 'Processes.'], ({ processes }) => processes.count),
	row('gauge', 'process', ['container_threads', 'Threads.'], ({ reading }) => reading?.pids),
	row(
		'gauge',
		'process',
		['container_threads_max', 'Most threads that may be; 0 for no limit.'],
		({ details }) => details.pidsLimit ?? 0n,
	),
	row(
		'gauge',
		'process',
		['container_file_descriptors', 'Open file descriptors.'],
		({ processes }) => processes.descriptors,
	),
	row('gauge', 'process', ['container_sockets', 'Open sockets.'], ({ processes }) => processes.sockets),
	labelled(
		'gauge',
		'process',
		['container_ulimits_soft', 'Soft limits of the first process; none where there is no limit.'],
		['ulimit'],
		({ processes }) => [{ value: processes.maxOpenFiles, labels: ['max_open_files'] }],
	),

	row(
		'gauge',
		'spec',
		['container_spec_cpu_period', 'Period of the CPU quota, in microseconds.'],
		resource('cpuPeriodMicros'),
	),
	row(
		'gauge',
		'spec',
		['container_spec_cpu_quota', 'CPU quota of each period, in microseconds.'],
		resource('cpuQuotaMicros'),
	),
	row('gauge', 'spec', ['container_spec_cpu_shares', 'CPU shares.'], resource('cpuShares')),
	row('gauge', 'spec', ['container_spec_memory_limit_bytes', 'Memory limit.'], resource('memoryLimitBytes')),
	row(
		'gauge',
		'spec',
		['container_spec_memory_swap_limit_bytes', 'Limit of memory and swap together.'],
		resource('memorySwapLimitBytes'),
	),
	row(
		'gauge',
		'spec',
		['container_spec_memory_reservation_limit_bytes', 'Memory that is kept for it.'],
		({ record }) => reservation(record),
	),
	row(
		'gauge',
		'spec',
		['container_start_time_seconds', 'When it was started, in seconds since 1970.'],
		({ record }) => seconds(record.startedAtNanos),
	),

	row(
		'counter',
		'pressure',
		['container_pressure_cpu_stalled_seconds_total', 'Time in which all tasks waited for a CPU.'],
		pressure('full', ({ cpu }) => cpu.psi),
	),
	row(
		'counter',
		'pressure',
		['container_pressure_cpu_waiting_seconds_total', 'Time in which some tasks waited for a CPU.'],
		pressure('some', ({ cpu }) => cpu.psi),
	),
	row(
		'counter',
		'pressure',
		['container_pressure_memory_stalled_seconds_total', 'Time in which all tasks waited for memory.'],
		pressure('full', (details) => details.memory.psi),
	),
	row(
		'counter',
		'pressure',
		['container_pressure_memory_waiting_seconds_total', 'Time in which some tasks waited for memory.'],
		pressure('some', (details) => details.memory.psi),
	),
	row(
		'counter',
		'pressure',
		['container_pressure_io_stalled_seconds_total', 'Time in which all tasks waited for I/O.'],
		pressure('full', ({ ioPsi }) => ioPsi),
	),
	row(
		'counter',
		'pressure',
		['container_pressure_io_waiting_seconds_total', 'Time in which some tasks waited for I/O.'],
		pressure('some', ({ ioPsi }) => ioPsi),
	),
];

function reservation({ request }: ContainerRecord): bigint | undefined {
	const text = request.resources?.unified['memory.min'] ?? '';
	return /^\d{1,18}$/.test(text) ? BigInt(text) : undefined;
}

const ofInterface = (name: Name, read: Read<InterfaceCounts>): MetricRow<InterfaceCounts> => ({
	...row('counter', 'network', name, read),
	labelKeys: ['interface'],
	values: (counts) => [{ value: read(counts), labels: [counts.name] }],
});

/** Of each interface of a pod. */
export const networkMetrics: readonly MetricRow<InterfaceCounts>[] = [
	ofInterface(['container_network_receive_bytes_total', 'Bytes received.'], ({ rxBytes }) => rxBytes),
	ofInterface(['container_network_receive_packets_total', 'Packets received.'], ({ rxPackets }) => rxPackets),
	ofInterface(
		['container_network_receive_packets_dropped_total', 'Packets dropped on receipt.'],
		({ rxDropped }) => rxDropped,
	),
	ofInterface(['container_network_receive_errors_total', 'Errors on receipt.'], ({ rxErrors }) => rxErrors),
	ofInterface(['container_network_transmit_bytes_total', 'Bytes sent.'], ({ txBytes }) => txBytes),
	ofInterface(['container_network_transmit_packets_total', 'Packets sent.'], ({ txPackets }) => txPackets),
	ofInterface(
		['container_network_transmit_packets_dropped_total', 'Packets dropped in place of being sent.'],
		({ txDropped }) => txDropped,
	),
	ofInterface(['container_network_transmit_errors_total', 'Errors in sending.'], ({ txErrors }) => txErrors),
];
