import { explainCriOnly, ownTool } from '../images/cri-only.ts';
import { defineVerb } from '../verb.ts';

/** `criscope untag` */
export const untagVerb = defineVerb({
	name: 'untag',
	aliases: [],
	summary: 'Take names from an image; the image itself stays',
	operands: { least: 1, most: Number.POSITIVE_INFINITY, words: 'IMAGE [NAME…]' },
	flags: {},
	notes: 'Without NAME, all names go.',
	async run({ operands: [image = '', ...tags] }, context) {
		const client = await context.connect();
		try {
			await client.transfers.untagImage({ image, tags }, { signal: context.signal });
			return 0;
		} catch (error) {
			throw explainCriOnly(error, 'untag images', ownTool);
		}
	},
});
