import { shortId } from '../../cri/ids.ts';
import type { ContainerStats } from '../../cri/model.ts';
import type { CriClient } from '../../cri/ports.ts';
import type { FlagSpecs } from '../flags.ts';
import { findPod, matchContainer } from '../objects/find.ts';
import { documentOutput, documentText, isDocument, listFormats } from '../output/document-output.ts';
import { humanSize } from '../output/human-size.ts';
import { tableText } from '../output/table.ts';
import { printAgain } from '../output/watch.ts';
import { percentText } from '../stats/cpu-percent.ts';
import { createUsageLook } from '../stats/look-at-usage.ts';
import { measureContainers, type Sampled, sample, shownStats } from '../stats/measure.ts';
import { restMs, statsFlags, statsWords } from '../stats/stats-flags.ts';
import { usageTable } from '../stats/usage-table.ts';
import { defineVerb } from '../verb.ts';

const flags = {
	all: { kind: 'switch', short: 'a', help: 'in every state, not just running' },
	pod: { kind: 'text', short: 'p', value: 'POD', help: 'of this pod: an id, its beginning, or a name' },
	...statsFlags,
} as const satisfies FlagSpecs;

/** The table of crictl. Source: cri-tools v1.36 cmd/crictl/container_stats.go (displayStats). */
export function containerStatsTable(rows: readonly Sampled<ContainerStats>[]): string {
	const header = ['CONTAINER', 'NAME', 'CPU %', 'MEM', 'DISK', 'INODES', 'SWAP'];
	const size = (bytes: bigint | undefined) => humanSize(bytes ?? 0n, 4);
	const cells = rows.map(({ stats, cpuPercent }) => [
		shortId(stats.id),
		stats.metadata.name,
		// What does not run uses nothing, and that is known.
		(stats.cpu?.usageCoreNanos ?? 0n) === 0n ? '0.00' : percentText(cpuPercent),
		size(stats.memory?.workingSetBytes),
		size(stats.writableLayer?.usedBytes),
		String(stats.writableLayer?.inodesUsed ?? 0n),
		size(stats.swapUsageBytes),
	]);
	return tableText([header, ...cells]);
}

async function idsOf(
	client: CriClient,
	words: readonly string[],
	{ signal }: { readonly signal: AbortSignal },
): Promise<ReadonlySet<string> | undefined> {
	if (words.length === 0) return undefined;
	const containers = await client.runtime.listContainers(undefined, { signal });
	const podsOf = () => client.runtime.listPodSandbox(undefined, { signal });
	const found = await Promise.all(words.map((word) => matchContainer(containers, podsOf, word)));
	return new Set(found.map(({ id }) => id));
}

/** `criscope stats` */
export const statsVerb = defineVerb({
	name: 'stats',
	aliases: [],
	summary: 'Show what containers use',
	operands: { least: 0, most: Number.POSITIVE_INFINITY, words: '[CONTAINER…]' },
	flags,
	notes: [
		'A CONTAINER is an id, the beginning of one, a name or pod/name. -o wide shows limits, processes and pods, as top does.',
		'Documents are what the runtime tells at once; only tables are measured twice.',
	].join('\n'),
	async run({ flags, operands }, context) {
		const output = documentOutput(flags, 'table', listFormats);
		const { words, labelSelector } = statsWords(flags, operands);
		const client = await context.connect();
		const { signal, now } = context;
		const choice = {
			ids: await idsOf(client, words, { signal }),
			podSandboxId: flags.pod === undefined ? undefined : (await findPod(client, flags.pod, { signal })).id,
			labelSelector,
		};
		const measure = () => measureContainers(client, choice, { signal });
		const complete = createUsageLook(client, { signal, now });
		const document = isDocument(output);
		const again = { intervalMs: flags.watch ? restMs : undefined, inPlace: !document };
		await printAgain(context, again, async () => {
			if (document) {
				return documentText({ stats: (await measure()).map(({ json }) => json) }, output, context);
			}
			const rows = shownStats(await sample(measure, (flags.seconds ?? 1) * 1000, { signal }), flags.all);
			return output.format === 'wide' ? usageTable(await complete(rows)) : containerStatsTable(rows);
		});
		return 0;
	},
});
