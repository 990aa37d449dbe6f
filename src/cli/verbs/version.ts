import { readText } from '../../cri/codec-fields.ts';
import { sanitizeLine } from '../../text/sanitize.ts';
import { documentOutput, documentText, isDocument, tableOrDocumentFlags } from '../output/document-output.ts';
import { print } from '../output/print.ts';
import { defineVerb } from '../verb.ts';

/** Names as crictl prints them, and the fields they show. */
const lines = [
	['Version', 'version'],
	['RuntimeName', 'runtimeName'],
	['RuntimeVersion', 'runtimeVersion'],
	['RuntimeApiVersion', 'runtimeApiVersion'],
] as const;

/** `criscope version` */
export const versionVerb = defineVerb({
	name: 'version',
	aliases: [],
	summary: "Show the runtime's name and version",
	operands: { least: 0, most: 0, words: '' },
	flags: tableOrDocumentFlags,
	notes: 'The version of criscope itself: criscope --version',
	async run({ flags }, context) {
		const output = documentOutput(flags, 'table', ['table']);
		const client = await context.connect();
		const answer = await client.answers.version({ signal: context.signal });
		const text = isDocument(output)
			? await documentText(answer, output, context)
			: // Two blanks, as crictl has them.
				lines.map(([name, field]) => `${name}:  ${sanitizeLine(readText(answer[field]))}\n`).join('');
		await print(context, text);
		return 0;
	},
});
