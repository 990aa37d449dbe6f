import type { CriClient } from '../../cri/ports.ts';
import { sanitizeLine } from '../../text/sanitize.ts';
import { forEachObject } from '../failures.ts';
import { findContainer } from '../objects/find.ts';
import { print } from '../output/print.ts';
import { UsageError } from '../usage-error.ts';
import { defineVerb } from '../verb.ts';

type Options = { readonly signal: AbortSignal };

/** Words of the containers that are meant: those written, or the ids of all that run. */
async function chosen(
	client: CriClient,
	all: boolean,
	operands: readonly string[],
	options: Options,
): Promise<readonly string[]> {
	if (!all) return operands;
	const running = await client.runtime.listContainers({ state: 'running' }, options);
	return running.filter(({ state }) => state === 'running').map(({ id }) => id);
}

/** `criscope stop` */
export const stopVerb = defineVerb({
	name: 'stop',
	aliases: [],
	summary: 'Stop one or more running containers',
	operands: { least: 0, most: Number.POSITIVE_INFINITY, words: '[CONTAINER…]' },
	flags: {
		timeout: {
			kind: 'duration',
			short: 't',
			value: 'SECONDS',
			help: 'how long a container may take to end by itself before it is killed (default: 0)',
		},
		all: { kind: 'switch', short: 'a', help: 'stop all running containers' },
	},
	notes: `A CONTAINER is an id, the beginning of one, or a name. When one cannot be stopped, the others are stopped all the
same, and the exit code is 1.`,
	async run({ flags, operands }, context) {
		const { all } = flags;
		if (all && operands.length > 0) throw new UsageError('stop takes containers or --all, not both');
		if (!all && operands.length === 0) throw new UsageError('stop needs a CONTAINER or --all');
		const timeoutSeconds = Math.ceil((flags.timeout ?? 0) / 1000);
		const client = await context.connect();
		const options = { signal: context.signal };
		const words = await chosen(client, all, operands, options);
		if (words.length === 0) {
			await print(context, 'No running containers found.\n');
			return 0;
		}
		return forEachObject(words, context, async (word) => {
			const { id } = await findContainer(client, word, options);
			await client.runtime.stopContainer(id, timeoutSeconds, options);
			await print(context, `${sanitizeLine(word)}\n`);
		});
	},
});
