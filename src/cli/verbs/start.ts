import { sanitizeLine } from '../../text/sanitize.ts';
import { forEachObject } from '../failures.ts';
import { findContainer } from '../objects/find.ts';
import { print } from '../output/print.ts';
import { defineVerb } from '../verb.ts';

/** `criscope start` */
export const startVerb = defineVerb({
	name: 'start',
	aliases: [],
	summary: 'Start created containers',
	operands: { least: 1, most: Number.POSITIVE_INFINITY, words: 'CONTAINER…' },
	flags: {},
	notes:
		'CONTAINER is an id, the beginning of one, or a name. Where one fails, the others are started all the same.',
	async run({ operands }, context) {
		const client = await context.connect();
		return forEachObject(operands, context, async (word) => {
			const { id } = await findContainer(client, word, context);
			await client.runtime.startContainer(id, context);
			await print(context, `${sanitizeLine(id)}\n`);
		});
	},
});
