/** A metric as data: its name, its labels, and what it is read from. */
import type { CgroupDetails } from '../cgroup/cgroup-details.ts';
import type { CgroupReading } from '../cgroup/cgroups.ts';
import type { ContainerRecord } from '../store/model.ts';
import type { ProcessFigures } from './process-figures.ts';

/** What a metric of a container is read from. */
export type ContainerSource = {
	readonly record: ContainerRecord;
	readonly reading: CgroupReading | undefined;
	readonly details: CgroupDetails;
	readonly processes: ProcessFigures;
	readonly layerBytes: bigint | undefined;
	/** Of the filesystem on which the writable layer lies. */
	readonly filesystem:
		| { readonly bytes: bigint; readonly inodes: bigint; readonly freeInodes: bigint }
		| undefined;
	readonly nowSeconds: bigint;
};

/** The groups by which they can be chosen. Source: crio.conf(5) of CRI-O 1.36, included_pod_metrics */
export const metricGroups = [
	'cpu',
	'disk',
	'diskIO',
	'hugetlb',
	'memory',
	'network',
	'oom',
	'pressure',
	'process',
	'spec',
] as const;

export type MetricGroup = (typeof metricGroups)[number];

/** One value, with what its labels say. */
export type MetricValue = { readonly value: bigint | undefined; readonly labels?: readonly string[] };

/** One metric; values that are undefined are left out. */
export type MetricRow<Source> = {
	readonly name: string;
	readonly help: string;
	readonly type: 'counter' | 'gauge';
	/** Undefined: always there. */
	readonly group: MetricGroup | undefined;
	/** Keys of the labels beside those that every metric has. */
	readonly labelKeys: readonly string[];
	readonly values: (source: Source) => readonly MetricValue[];
};

/** Name and help. */
export type Name = readonly [name: string, help: string];
/** Reads the one value of a metric. */
export type Read<Source> = (source: Source) => bigint | undefined;
/** A metric of containers. */
export type ContainerRow = MetricRow<ContainerSource>;

/** A metric with one value. */
export function row<Source>(
	type: 'counter' | 'gauge',
	group: MetricGroup | undefined,
	[name, help]: Name,
	read: Read<Source>,
): MetricRow<Source> {
	return { name, help, type, group, labelKeys: [], values: (source) => [{ value: read(source) }] };
}

/** A metric with a value for each of something. */
export function labelled(
	type: 'counter' | 'gauge',
	group: MetricGroup,
	[name, help]: Name,
	labelKeys: readonly string[],
	values: ContainerRow['values'],
): ContainerRow {
	return { name, help, type, group, labelKeys, values };
}
