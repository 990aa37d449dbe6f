import type { FlagSpecs } from '../flags.ts';
import { documentOutput, documentText, onlyDocumentFlags } from '../output/document-output.ts';
import { printAgain, watchFlags, watchIntervalMs } from '../output/watch.ts';
import { defineVerb } from '../verb.ts';

const flags = { ...onlyDocumentFlags, ...watchFlags } as const satisfies FlagSpecs;

/** `criscope metricsp` */
export const metricspVerb = defineVerb({
	name: 'metricsp',
	aliases: [],
	summary: 'Show the metrics of pods, which replace those of cAdvisor',
	operands: { least: 0, most: 0, words: '' },
	flags,
	notes: 'metricdescs tells what each metric means.',
	async run({ flags }, context) {
		const output = documentOutput(flags, 'json', []);
		const again = { intervalMs: watchIntervalMs(flags), inPlace: false };
		const client = await context.connect();
		await printAgain(context, again, async () => {
			const podMetrics = await client.answers.listPodSandboxMetrics({ signal: context.signal });
			return documentText({ podMetrics }, output, context);
		});
		return 0;
	},
});
