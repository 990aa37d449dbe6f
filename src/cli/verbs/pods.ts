import { sanitizeLine } from '../../text/sanitize.ts';
import type { FlagSpecs } from '../flags.ts';
import {
	documentFlags,
	documentOutput,
	documentText,
	isDocument,
	listFormats,
} from '../output/document-output.ts';
import { printAgain, watchFlags, watchIntervalMs } from '../output/watch.ts';
import { podExtras } from '../pods/pod-extras.ts';
import { listPods, parsePodChoice, podFilterFlags } from '../pods/pod-list.ts';
import { podsTable, podsVerbose } from '../pods/pod-table.ts';
import { defineVerb } from '../verb.ts';

const flags = {
	...podFilterFlags,
	id: { kind: 'text', value: 'ID', help: 'whose id begins so' },
	quiet: { kind: 'switch', short: 'q', help: 'print ids only' },
	...documentFlags,
	'no-trunc': { kind: 'switch', help: 'show ids in full' },
	verbose: { kind: 'switch', short: 'v', help: 'show everything known of each pod' },
	...watchFlags,
} as const satisfies FlagSpecs;

/** `criscope pods` */
export const podsVerb = defineVerb({
	name: 'pods',
	aliases: [],
	summary: 'List pods',
	operands: { least: 0, most: 0, words: '' },
	flags,
	notes: '-o wide adds addresses, ports, how many of the containers run, CPU and memory.',
	async run({ flags }, context) {
		const output = documentOutput(flags, 'table', listFormats);
		const choice = parsePodChoice(flags);
		const again = { intervalMs: watchIntervalMs(flags), inPlace: !isDocument(output) };
		const client = await context.connect();
		const { signal } = context;
		await printAgain(context, again, async () => {
			const pods = await listPods(client, choice, { signal });
			if (isDocument(output)) return documentText({ items: pods.map(({ json }) => json) }, output, context);
			if (flags.quiet) return pods.map(({ id }) => `${sanitizeLine(id)}\n`).join('');
			if (flags.verbose) return podsVerbose(pods);
			const extras = output.format === 'wide' ? await podExtras(client, pods, { signal }) : undefined;
			return podsTable(pods, { noTrunc: flags['no-trunc'], nowMs: context.now(), extras });
		});
		return 0;
	},
});
