import { documentOutput, onlyDocumentFlags, printDocument } from '../output/document-output.ts';
import { defineVerb } from '../verb.ts';

/** `criscope metricdescs` */
export const metricdescsVerb = defineVerb({
	name: 'metricdescs',
	aliases: [],
	summary: 'Show which metrics the runtime has',
	operands: { least: 0, most: 0, words: '' },
	flags: onlyDocumentFlags,
	notes: '',
	async run({ flags }, context) {
		const output = documentOutput(flags, 'json', []);
		const client = await context.connect();
		const answer = await client.answers.listMetricDescriptors({ signal: context.signal });
		await printDocument(answer, output, context);
		return 0;
	},
});
