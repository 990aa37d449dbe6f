/** Rates and slow measurements, from what was measured before. */
import type { CpuUsage } from '../../cri/model.ts';

export type UsageSamples = {
	/** Adds the rate since the last sample of the same object, once two are far enough apart. */
	withRate(id: string, cpu: CpuUsage | undefined): CpuUsage | undefined;
	/** A measurement that costs something: kept for a while, made once for all who ask. */
	remembered<Value>(id: string, measure: () => Promise<Value>): Promise<Value>;
	forget(id: string): void;
	/** Forgets everything of objects that are gone. */
	keepOnly(ids: ReadonlySet<string>): void;
};

/** Rates over less are noise. */
const shortestIntervalNanos = 200_000_000n;

/** How old a measurement of a writable layer may be, in milliseconds. Source: kubelet, its own of ten seconds */
const rememberedMs = 10_000;

/** @param now milliseconds */
export function createUsageSamples(now: () => number = () => performance.now()): UsageSamples {
	type Sample = {
		readonly timestampNanos: bigint;
		readonly usageCoreNanos: bigint;
		readonly rate: bigint | undefined;
	};
	const samples = new Map<string, Sample>();
	const measured = new Map<string, { readonly atMs: number; readonly value: Promise<unknown> }>();
	return {
		withRate(id, cpu) {
			if (cpu?.usageCoreNanos === undefined || cpu.usageNanoCores !== undefined) return cpu;
			const { timestampNanos, usageCoreNanos } = cpu;
			const before = samples.get(id);
			const elapsed = timestampNanos - (before?.timestampNanos ?? timestampNanos);
			if (before !== undefined && elapsed < shortestIntervalNanos)
				return { ...cpu, usageNanoCores: before.rate };
			const used = usageCoreNanos - (before?.usageCoreNanos ?? 0n);
			const rate = before === undefined || used < 0n ? undefined : (used * 1_000_000_000n) / elapsed;
			samples.set(id, { timestampNanos, usageCoreNanos, rate });
			return { ...cpu, usageNanoCores: rate };
		},
		async remembered<Value>(id: string, measure: () => Promise<Value>): Promise<Value> {
			const known = measured.get(id);
			if (known !== undefined && now() - known.atMs < rememberedMs) return known.value as Promise<Value>;
			const value = measure();
			measured.set(id, { atMs: now(), value });
			value.catch(() => measured.delete(id));
			return value;
		},
		forget(id) {
			samples.delete(id);
			measured.delete(id);
		},
		keepOnly(ids) {
			for (const id of [...samples.keys(), ...measured.keys()]) {
				if (ids.has(id)) continue;
				samples.delete(id);
				measured.delete(id);
			}
		},
	};
}
