import type { CpuUsage } from '../../cri/model.ts';

/**
 * The share of one core that was used between two measurements, in percent.
 * @returns undefined where there are no two, or where the runtime measured nothing new in between
 */
export function cpuPercent(before: CpuUsage | undefined, after: CpuUsage | undefined): number | undefined {
	const [from, to] = [before?.usageCoreNanos, after?.usageCoreNanos];
	if (!before || !after || from === undefined || to === undefined) return undefined;
	const took = after.timestampNanos - before.timestampNanos;
	// A container that was started anew in between counts from zero.
	if (took <= 0n || to < from) return undefined;
	return (Number(to - from) / Number(took)) * 100;
}

/** As the runtime itself says it, which saves the second measurement. */
export function tellsCpuPercent(usage: CpuUsage | undefined): number | undefined {
	return usage?.usageNanoCores === undefined ? undefined : Number(usage.usageNanoCores) / 1e7;
}

/** Two digits after the point, as crictl writes it; `-` for what is not known. */
export function percentText(percent: number | undefined): string {
	return percent === undefined ? '-' : percent.toFixed(2);
}
