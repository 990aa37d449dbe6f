import { forEachObject } from '../failures.ts';
import { explainCriOnly, ownTool } from '../images/cri-only.ts';
import { defineVerb } from '../verb.ts';

/** `criscope tag` */
export const tagVerb = defineVerb({
	name: 'tag',
	aliases: [],
	summary: 'Give an image further names',
	operands: { least: 2, most: Number.POSITIVE_INFINITY, words: 'IMAGE NAME…' },
	flags: {},
	notes: 'A name that another image has is taken from it.',
	async run({ operands: [image = '', ...names] }, context) {
		const client = await context.connect();
		return forEachObject(names, context, async (tag) => {
			try {
				await client.transfers.tagImage({ image, tag }, { signal: context.signal });
			} catch (error) {
				throw explainCriOnly(error, 'tag images', ownTool);
			}
		});
	},
});
