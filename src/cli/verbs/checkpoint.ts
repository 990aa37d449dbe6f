import path from 'node:path';
import { sanitizeLine } from '../../text/sanitize.ts';
import { findContainer } from '../objects/find.ts';
import { print } from '../output/print.ts';
import { UsageError } from '../usage-error.ts';
import { defineVerb } from '../verb.ts';

/** `criscope checkpoint` */
export const checkpointVerb = defineVerb({
	name: 'checkpoint',
	aliases: [],
	summary: 'Write the state of a running container into an archive',
	operands: { least: 1, most: 1, words: 'CONTAINER' },
	flags: {
		export: {
			kind: 'text',
			short: 'e',
			value: 'FILE',
			help: 'the archive, which the runtime writes (/path/to/checkpoint.tar)',
		},
	},
	notes: `A CONTAINER is an id, the beginning of one, or a name. The runtime needs CRIU; the one of criscope does without, and
says so.`,
	async run({ flags, operands: [word = ''] }, context) {
		if (flags.export === undefined) throw new UsageError('checkpoint needs --export FILE');
		const options = { signal: context.signal };
		const client = await context.connect();
		const { id } = await findContainer(client, word, options);
		// The runtime has another working directory.
		const location = path.resolve(flags.export);
		await client.runtime.checkpointContainer({ containerId: id, location, timeoutSeconds: 0n }, options);
		await print(context, `${sanitizeLine(word)}\n`);
		return 0;
	},
});
