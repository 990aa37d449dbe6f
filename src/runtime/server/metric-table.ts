/** Which metrics containers and pods have: names and units are cAdvisor's, which dashboards know. */
import type { NetworkInterfaceUsage } from '../../cri/model.ts';
import type { CgroupReading } from '../cgroup/cgroups.ts';
import type { ContainerRecord } from '../store/model.ts';

/** What a metric of a container is read from. */
export type ContainerSource = {
	readonly record: ContainerRecord;
	readonly reading: CgroupReading | undefined;
	readonly layerBytes: bigint | undefined;
	readonly layerInodes: bigint | undefined;
	readonly nowSeconds: bigint;
};

/** One metric; without a value it is left out. */
export type MetricRow<Source> = {
	readonly name: string;
	readonly help: string;
	readonly type: 'counter' | 'gauge';
	readonly value: (source: Source) => bigint | undefined;
};

const billion = 1_000_000_000n;

/** Source: cri-o 1.36 internal/lib/statsserver, names and help of its descriptors; Prometheus wants whole base units. */
export const containerMetrics: readonly MetricRow<ContainerSource>[] = [
	counter('container_cpu_usage_seconds_total', 'Cumulative cpu time consumed in seconds.', ({ reading }) => {
		const nanos = reading?.cpu?.usageCoreNanos;
		return nanos === undefined ? undefined : nanos / billion;
	}),
	gauge(
		'container_memory_usage_bytes',
		'Current memory usage in bytes, including all memory.',
		memory('usageBytes'),
	),
	gauge('container_memory_working_set_bytes', 'Current working set in bytes.', memory('workingSetBytes')),
	gauge('container_memory_rss', 'Size of RSS in bytes.', memory('rssBytes')),
	counter('container_memory_failures_total', 'Cumulative count of page faults.', memory('pageFaults')),
	counter(
		'container_memory_major_failures_total',
		'Cumulative count of major page faults.',
		memory('majorPageFaults'),
	),
	gauge(
		'container_processes',
		'Number of processes running inside the container.',
		({ reading }) => reading?.pids,
	),
	counter('container_oom_events_total', 'Count of out of memory events.', ({ reading }) => reading?.oomKills),
	counter(
		'container_fs_reads_bytes_total',
		'Cumulative count of bytes read.',
		({ reading }) => reading?.io?.readBytes,
	),
	counter(
		'container_fs_reads_total',
		'Cumulative count of reads completed.',
		({ reading }) => reading?.io?.reads,
	),
	counter(
		'container_fs_writes_bytes_total',
		'Cumulative count of bytes written.',
		({ reading }) => reading?.io?.writeBytes,
	),
	counter(
		'container_fs_writes_total',
		'Cumulative count of writes completed.',
		({ reading }) => reading?.io?.writes,
	),
	gauge('container_fs_usage_bytes', 'Bytes consumed on the writable layer.', ({ layerBytes }) => layerBytes),
	gauge('container_fs_inodes_total', 'Inodes used on the writable layer.', ({ layerInodes }) => layerInodes),
	gauge('container_last_seen', 'Last time a container was seen.', ({ nowSeconds }) => nowSeconds),
	gauge(
		'container_start_time_seconds',
		'Start time of the container since unix epoch in seconds.',
		({ record }) => {
			return record.startedAtNanos === undefined ? undefined : record.startedAtNanos / billion;
		},
	),
	gauge('container_spec_cpu_period', 'CPU period of the container.', resource('cpuPeriodMicros')),
	gauge('container_spec_cpu_quota', 'CPU quota of the container.', resource('cpuQuotaMicros')),
	gauge('container_spec_cpu_shares', 'CPU share of the container.', resource('cpuShares')),
	gauge('container_spec_memory_limit_bytes', 'Memory limit for the container.', resource('memoryLimitBytes')),
	gauge(
		'container_spec_memory_swap_limit_bytes',
		'Memory swap limit for the container.',
		resource('memorySwapLimitBytes'),
	),
];

/** Of each interface of a pod. */
export const networkMetrics: readonly MetricRow<NetworkInterfaceUsage>[] = [
	counter(
		'container_network_receive_bytes_total',
		'Cumulative count of bytes received.',
		({ rxBytes }) => rxBytes,
	),
	counter(
		'container_network_receive_errors_total',
		'Cumulative count of errors while receiving.',
		({ rxErrors }) => rxErrors,
	),
	counter(
		'container_network_transmit_bytes_total',
		'Cumulative count of bytes transmitted.',
		({ txBytes }) => txBytes,
	),
	counter(
		'container_network_transmit_errors_total',
		'Cumulative count of errors while transmitting.',
		({ txErrors }) => txErrors,
	),
];

type Value<Source> = MetricRow<Source>['value'];

function counter<Source>(name: string, help: string, value: Value<Source>): MetricRow<Source> {
	return { name, help, type: 'counter', value };
}

function gauge<Source>(name: string, help: string, value: Value<Source>): MetricRow<Source> {
	return { name, help, type: 'gauge', value };
}

function memory(
	field: 'usageBytes' | 'workingSetBytes' | 'rssBytes' | 'pageFaults' | 'majorPageFaults',
): Value<ContainerSource> {
	return ({ reading }) => reading?.memory?.[field];
}

function resource(
	field: 'cpuPeriodMicros' | 'cpuQuotaMicros' | 'cpuShares' | 'memoryLimitBytes' | 'memorySwapLimitBytes',
): Value<ContainerSource> {
	return ({ record }) => {
		const limit = record.request.resources?.[field];
		return limit === undefined || limit < 0n ? undefined : limit;
	};
}
