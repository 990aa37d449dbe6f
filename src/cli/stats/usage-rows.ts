/** What `top` and `stats -o wide` show of each container. */
import type { Container, ContainerStats } from '../../cri/model.ts';
import { podOfLabels } from '../containers/container-list.ts';
import type { ContainerLimits } from './limits.ts';
import type { Sampled } from './measure.ts';

/** One container; undefined where something is not known, or not limited. */
export type UsageRow = {
	readonly id: string;
	readonly name: string;
	readonly pod: string;
	readonly namespace: string;
	readonly cpuPercent: number | undefined;
	readonly cpuLimitCores: number | undefined;
	readonly memoryBytes: bigint | undefined;
	readonly memoryLimitBytes: number | undefined;
	readonly processCount: number | undefined;
};

/** Puts together what was measured and what is known of each container. */
export function usageRows(
	sampled: readonly Sampled<ContainerStats>[],
	known: {
		readonly limits: ReadonlyMap<string, ContainerLimits>;
		readonly processCounts: ReadonlyMap<string, number | undefined>;
		readonly containers: ReadonlyMap<string, Container>;
	},
): readonly UsageRow[] {
	return sampled.map(({ stats, cpuPercent }) => {
		const limits = known.limits.get(stats.id);
		// The list has the labels that some runtimes leave out of their measurements.
		const pod = podOfLabels(known.containers.get(stats.id) ?? stats);
		return {
			id: stats.id,
			name: stats.metadata.name,
			pod: pod.name,
			namespace: pod.namespace,
			cpuPercent,
			cpuLimitCores: limits?.cpuCores,
			memoryBytes: stats.memory?.workingSetBytes,
			memoryLimitBytes: limits?.memoryBytes,
			processCount: known.processCounts.get(stats.id),
		};
	});
}

/** What rows can be ordered by. */
export const usageOrders = ['cpu', 'memory', 'processes', 'name'] as const;
export type UsageOrder = (typeof usageOrders)[number];

function amount(row: UsageRow, order: UsageOrder): number {
	if (order === 'cpu') return row.cpuPercent ?? -1;
	if (order === 'memory') return Number(row.memoryBytes ?? -1n);
	return order === 'processes' ? (row.processCount ?? -1) : 0;
}

/** The most first; by name where they are equal, so that idle rows stay where they are. */
export function sortUsage(rows: readonly UsageRow[], order: UsageOrder): readonly UsageRow[] {
	const name = (row: UsageRow) => `${row.name}\0${row.namespace}\0${row.pod}\0${row.id}`;
	return rows.toSorted(
		(a, b) => amount(b, order) - amount(a, order) || (name(a) < name(b) ? -1 : name(a) > name(b) ? 1 : 0),
	);
}
