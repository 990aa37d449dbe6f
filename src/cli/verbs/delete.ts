import { deletePods } from '../apply/delete-pods.ts';
import { filesFlag, readManifests } from '../apply/files-flag.ts';
import { graceFlag, graceSeconds } from '../apply/grace-flag.ts';
import { formatFlags, outputFormat } from '../output/format-flag.ts';
import { defineVerb } from '../verb.ts';

/** `criscope delete` */
export const deleteVerb = defineVerb({
	name: 'delete',
	aliases: [],
	summary: 'Remove the pods that criscope apply made of a manifest',
	operands: { least: 0, most: Number.POSITIVE_INFINITY, words: '[FILE…]' },
	flags: { ...filesFlag, ...graceFlag, ...formatFlags },
	notes: 'The pods go with their containers, logs and empty volumes. One that is not there is no failure.',
	async run({ flags, operands }, context) {
		const format = outputFormat(flags, 'table');
		const manifests = await readManifests([...flags.filename, ...operands], context);
		const grace = graceSeconds(flags);
		return deletePods(await context.connect(), manifests, { format, graceSeconds: grace }, context);
	},
});
