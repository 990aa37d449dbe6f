import { shortId } from '../../cri/ids.ts';
import type { PodSandboxStats } from '../../cri/model.ts';
import type { CriClient } from '../../cri/ports.ts';
import { matchPod } from '../objects/find.ts';
import { documentOutput, documentText, isDocument, listFormats } from '../output/document-output.ts';
import { humanSize } from '../output/human-size.ts';
import { tableText } from '../output/table.ts';
import { printAgain } from '../output/watch.ts';
import { percentText } from '../stats/cpu-percent.ts';
import { measurePods, type Sampled, sample, shownStats } from '../stats/measure.ts';
import { restMs, statsFlags, statsWords } from '../stats/stats-flags.ts';
import { defineVerb } from '../verb.ts';

function sizeText(bytes: bigint | undefined): string {
	return bytes === undefined ? '-' : humanSize(bytes, 4);
}

/** The table of crictl, with more columns where it is wide. Source: cri-tools v1.36 cmd/crictl/pod_stats.go. */
export function podStatsTable(rows: readonly Sampled<PodSandboxStats>[], wide: boolean): string {
	const header = [
		'POD',
		'POD ID',
		'CPU %',
		'MEM',
		...(wide ? ['NAMESPACE', 'PIDS', 'RX', 'TX', 'CONTAINERS'] : []),
	];
	const cells = shownStats(rows, false).map(({ stats, cpuPercent }) => [
		stats.metadata.name,
		shortId(stats.id),
		(stats.cpu?.usageCoreNanos ?? 0n) === 0n ? '0.00' : percentText(cpuPercent),
		humanSize(stats.memory?.workingSetBytes ?? 0n, 4),
		...(wide
			? [
					stats.metadata.namespace,
					stats.processCount === undefined ? '-' : String(stats.processCount),
					sizeText(stats.defaultInterface?.rxBytes),
					sizeText(stats.defaultInterface?.txBytes),
					String(stats.containers.length),
				]
			: []),
	]);
	return tableText([header, ...cells]);
}

async function idsOf(
	client: CriClient,
	words: readonly string[],
	{ signal }: { readonly signal: AbortSignal },
): Promise<ReadonlySet<string> | undefined> {
	if (words.length === 0) return undefined;
	const pods = await client.runtime.listPodSandbox(undefined, { signal });
	return new Set(words.map((word) => matchPod(pods, word).id));
}

/** `criscope statsp` */
export const statspVerb = defineVerb({
	name: 'statsp',
	aliases: [],
	summary: 'Show what pods use',
	operands: { least: 0, most: Number.POSITIVE_INFINITY, words: '[POD…]' },
	flags: statsFlags,
	notes: [
		'A POD is an id, the beginning of one, a name or namespace/name. -o wide adds namespace, processes and network.',
		'Documents are what the runtime tells at once; only tables are measured twice.',
	].join('\n'),
	async run({ flags, operands }, context) {
		const output = documentOutput(flags, 'table', listFormats);
		const { words, labelSelector } = statsWords(flags, operands);
		const client = await context.connect();
		const { signal } = context;
		const choice = { ids: await idsOf(client, words, { signal }), labelSelector };
		const measure = () => measurePods(client, choice, { signal });
		const document = isDocument(output);
		const again = { intervalMs: flags.watch ? restMs : undefined, inPlace: !document };
		await printAgain(context, again, async () => {
			if (document) {
				return documentText({ stats: (await measure()).map(({ json }) => json) }, output, context);
			}
			const rows = await sample(measure, (flags.seconds ?? 1) * 1000, { signal });
			return podStatsTable(rows, output.format === 'wide');
		});
		return 0;
	},
});
