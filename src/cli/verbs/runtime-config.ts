import { readMessage, readOptional, readText } from '../../cri/codec-fields.ts';
import { documentOutput, documentText, isDocument, tableOrDocumentFlags } from '../output/document-output.ts';
import { print } from '../output/print.ts';
import { tableText } from '../output/table.ts';
import { defineVerb } from '../verb.ts';

/** `criscope runtime-config` */
export const runtimeConfigVerb = defineVerb({
	name: 'runtime-config',
	aliases: [],
	summary: "Show the runtime's configuration: its cgroup driver",
	operands: { least: 0, most: 0, words: '' },
	flags: tableOrDocumentFlags,
	notes: '',
	async run({ flags }, context) {
		const output = documentOutput(flags, 'table', ['table']);
		const client = await context.connect();
		const answer = await client.answers.runtimeConfig({ signal: context.signal });
		const driver = readText(readMessage(answer['linux'])['cgroupDriver']);
		const table = readOptional(answer['linux'])
			? tableText([['cgroup driver:', driver]], { leastCells: 10, gapCells: 3 })
			: '';
		await print(context, isDocument(output) ? await documentText(answer, output, context) : table);
		return 0;
	},
});
