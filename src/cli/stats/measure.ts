/** Measurements of containers and pods: what the runtime tells, and the use of CPU between two looks. */
import { setTimeout as sleep } from 'node:timers/promises';
import { mapContainerStats, mapPodSandboxStats } from '../../cri/codec-stats.ts';
import type { ContainerStats, CpuUsage, PodSandboxStats } from '../../cri/model.ts';
import type { CriClient } from '../../cri/ports.ts';
import type { ProtocolJson } from '../../cri/protocol-json.ts';
import { cpuPercent, tellsCpuPercent } from './cpu-percent.ts';

/** One object's measurements as this program knows them, and as the runtime told them. */
export type Measured<Stats> = { readonly stats: Stats; readonly json: ProtocolJson };

/** With the use of CPU; undefined where it is not known, as of what came between the two looks. */
export type Sampled<Stats> = Measured<Stats> & {
	readonly cpuPercent: number | undefined;
	/** It was there at the first look too. */
	readonly seenBefore: boolean;
};

type Options = { readonly signal: AbortSignal };

/** How long CPU is measured where nobody says. */
const usualSampleMs = 1000;

/** Which objects to measure; undefined for all. */
export type StatsChoice = {
	readonly ids: ReadonlySet<string> | undefined;
	readonly labelSelector: Readonly<Record<string, string>>;
	/** Of containers: the pod they are of. */
	readonly podSandboxId?: string | undefined;
};

function chosen<Stats extends { readonly id: string; readonly labels: Readonly<Record<string, string>> }>(
	items: readonly Measured<Stats>[],
	{ ids, labelSelector }: StatsChoice,
): readonly Measured<Stats>[] {
	return items
		.filter(
			({ stats }) =>
				(ids === undefined || ids.has(stats.id)) &&
				// Also for runtimes that forget that part of the filter.
				Object.entries(labelSelector).every(([key, value]) => stats.labels[key] === value),
		)
		.toSorted((a, b) => (a.stats.id < b.stats.id ? -1 : 1));
}

/** The only id, which the runtime can be asked for: it then measures nothing else. */
function onlyId(ids: ReadonlySet<string> | undefined): string | undefined {
	return ids?.size === 1 ? [...ids][0] : undefined;
}

/** Measures containers, in the order of their ids. */
export async function measureContainers(
	client: CriClient,
	choice: StatsChoice,
	{ signal }: Options,
): Promise<readonly Measured<ContainerStats>[]> {
	const { labelSelector, podSandboxId } = choice;
	const filter = { id: onlyId(choice.ids), podSandboxId, labelSelector };
	const answers = await client.answers.listContainerStats(filter, { signal });
	return chosen(
		answers.map((json) => ({ stats: mapContainerStats(json), json })),
		choice,
	);
}

/** Measures pods, in the order of their ids. */
export async function measurePods(
	client: CriClient,
	choice: StatsChoice,
	{ signal }: Options,
): Promise<readonly Measured<PodSandboxStats>[]> {
	const { labelSelector } = choice;
	const answers = await client.answers.listPodSandboxStats(
		{ id: onlyId(choice.ids), labelSelector },
		{ signal },
	);
	return chosen(
		answers.map((json) => ({ stats: mapPodSandboxStats(json), json })),
		choice,
	);
}

/**
 * Puts the use of CPU beside measurements.
 * @param before the earlier ones of the same objects
 */
export function sampledFrom<Stats extends { readonly id: string; readonly cpu: CpuUsage | undefined }>(
	before: readonly Measured<Stats>[],
	after: readonly Measured<Stats>[],
): readonly Sampled<Stats>[] {
	const known = new Map(before.map(({ stats }) => [stats.id, stats.cpu]));
	return after.map((item) => ({
		...item,
		cpuPercent: cpuPercent(known.get(item.stats.id), item.stats.cpu),
		seenBefore: known.has(item.stats.id),
	}));
}

/**
 * Measures twice.
 * @param sampleMs how long between the two
 */
export async function sample<Stats extends { readonly id: string; readonly cpu: CpuUsage | undefined }>(
	measure: () => Promise<readonly Measured<Stats>[]>,
	sampleMs: number,
	{ signal }: Options,
): Promise<readonly Sampled<Stats>[]> {
	const before = await measure();
	await sleep(sampleMs, undefined, { signal });
	return sampledFrom(before, await measure());
}

/** Measures once where the runtime itself tells the use of CPU, else twice, a second apart. */
export async function sampleIfNeeded<
	Stats extends { readonly id: string; readonly cpu: CpuUsage | undefined },
>(
	measure: () => Promise<readonly Measured<Stats>[]>,
	{ signal }: Options,
): Promise<readonly Sampled<Stats>[]> {
	const first = await measure();
	const told = first.map((item) => ({
		...item,
		cpuPercent: tellsCpuPercent(item.stats.cpu),
		seenBefore: true,
	}));
	if (told.every(({ stats, cpuPercent }) => stats.cpu === undefined || cpuPercent !== undefined)) return told;
	await sleep(usualSampleMs, undefined, { signal });
	return sampledFrom(first, await measure());
}

/** Which rows crictl shows: of what runs, unless all are asked for, and nothing that came in between. */
export function shownStats<Stats extends Pick<ContainerStats, 'cpu' | 'memory'>>(
	rows: readonly Sampled<Stats>[],
	all: boolean,
): readonly Sampled<Stats>[] {
	return rows.filter(({ stats, seenBefore }) => {
		const idle = (stats.cpu?.usageCoreNanos ?? 0n) === 0n && (stats.memory?.workingSetBytes ?? 0n) === 0n;
		return seenBefore && (all || !idle);
	});
}
