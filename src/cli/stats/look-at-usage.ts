/** One look at all that `top` shows. */
import type { Container, ContainerStats } from '../../cri/model.ts';
import type { CriClient } from '../../cri/ports.ts';
import { inParallel } from '../objects/in-parallel.ts';
import { rememberLimits } from './limits.ts';
import type { Sampled } from './measure.ts';
import { processCounter } from './process-count.ts';
import { type UsageRow, usageRows } from './usage-rows.ts';

/** Completes measurements; remembers what seldom changes. For one caller at a time. */
export type UsageLook = (sampled: readonly Sampled<ContainerStats>[]) => Promise<readonly UsageRow[]>;

/** @returns a function that completes measurements with limits, counts of processes and pods. */
export function createUsageLook(
	client: CriClient,
	{ signal, now }: { readonly signal: AbortSignal; readonly now: () => number },
): UsageLook {
	const memory = rememberLimits(client, { signal, now });
	const count = processCounter();
	return async (sampled) => {
		const ids = sampled.map(({ stats }) => stats.id);
		const [limits, list] = await Promise.all([
			memory.of(ids),
			client.runtime.listContainers(undefined, { signal }),
		]);
		const containers = new Map<string, Container>(list.map((container) => [container.id, container]));
		const counts = await inParallel(
			ids,
			async (id): Promise<[string, number | undefined]> => [
				id,
				await count(id, limits.get(id)?.pid, { signal }),
			],
		);
		return usageRows(sampled, { limits, containers, processCounts: new Map(counts) });
	};
}
