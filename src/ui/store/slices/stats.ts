import type { ContainerStats } from '../../../cri/model.ts';

/** Newest readings of one container, and the ones before for its sparkline (oldest first). */
export type UsageSample = {
	readonly timestampNanos: bigint;
	readonly usageCoreNanos: bigint | undefined;
	/** Thousandths of a core; undefined until two readings allow a rate. */
	readonly cpuMillicores: number | undefined;
	readonly memoryBytes: number | undefined;
	readonly cpuHistory: readonly number[];
	readonly memoryHistory: readonly number[];
};

/** By container id. */
export type StatsState = { readonly containers: ReadonlyMap<string, UsageSample> };

export type StatsEvent = { readonly kind: 'statsReceived'; readonly stats: readonly ContainerStats[] };

/** No readings yet. */
export const initialStats: StatsState = { containers: new Map() };

/** Readings kept for a sparkline. */
const historyLength = 30;

function appended(history: readonly number[], value: number | undefined): readonly number[] {
	return value === undefined ? history : [...history, value].slice(-historyLength);
}

function cpuRate(before: UsageSample | undefined, stats: ContainerStats): number | undefined {
	const cpu = stats.cpu;
	if (!cpu) return undefined;
	if (cpu.usageNanoCores !== undefined) return Number(cpu.usageNanoCores) / 1e6;
	if (!before?.usageCoreNanos || cpu.usageCoreNanos === undefined) return before?.cpuMillicores;
	const elapsed = Number(cpu.timestampNanos - before.timestampNanos);
	const used = Number(cpu.usageCoreNanos - before.usageCoreNanos);
	// A runtime that answers from a cache repeats its reading: then the last rate still holds.
	return elapsed > 0 && used >= 0 ? (used / elapsed) * 1000 : before.cpuMillicores;
}

/** Takes one round of readings over; containers that are not in it are forgotten. */
export function updateStats(state: StatsState, event: StatsEvent): StatsState {
	const containers = new Map<string, UsageSample>();
	for (const stats of event.stats) {
		const before = state.containers.get(stats.id);
		const timestampNanos = stats.cpu?.timestampNanos ?? 0n;
		if (before && before.timestampNanos === timestampNanos && timestampNanos !== 0n) {
			containers.set(stats.id, before);
			continue;
		}
		const cpuMillicores = cpuRate(before, stats);
		const memory = stats.memory?.workingSetBytes ?? stats.memory?.usageBytes;
		const memoryBytes = memory === undefined ? undefined : Number(memory);
		containers.set(stats.id, {
			timestampNanos,
			usageCoreNanos: stats.cpu?.usageCoreNanos,
			cpuMillicores,
			memoryBytes,
			cpuHistory: appended(before?.cpuHistory ?? [], cpuMillicores),
			memoryHistory: appended(before?.memoryHistory ?? [], memoryBytes),
		});
	}
	const same =
		containers.size === state.containers.size &&
		[...containers].every(([id, sample]) => state.containers.get(id) === sample);
	return same ? state : { containers };
}
