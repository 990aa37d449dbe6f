import { sanitizeLine } from '../../text/sanitize.ts';
import { forEachObject } from '../failures.ts';
import { findPod } from '../objects/find.ts';
import { print } from '../output/print.ts';
import { defineVerb } from '../verb.ts';

/** `criscope stopp` */
export const stoppVerb = defineVerb({
	name: 'stopp',
	aliases: [],
	summary: 'Stop one or more pods',
	operands: { least: 1, most: Number.POSITIVE_INFINITY, words: 'POD…' },
	flags: {},
	notes: `A POD is an id, the beginning of one, a name or namespace/name. When one cannot be stopped, the others are stopped
all the same, and the exit code is 1.`,
	async run({ operands }, context) {
		const client = await context.connect();
		const options = { signal: context.signal };
		return forEachObject(operands, context, async (word) => {
			const { id } = await findPod(client, word, options);
			await client.runtime.stopPodSandbox(id, options);
			await print(context, `Stopped sandbox ${sanitizeLine(word)}\n`);
		});
	},
});
