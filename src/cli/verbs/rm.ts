import { FailedPreconditionError } from '../../cri/errors.ts';
import type { CriClient } from '../../cri/ports.ts';
import { sanitizeLine } from '../../text/sanitize.ts';
import { forEachObjectAtOnce } from '../failures.ts';
import { isOnThisHost } from '../logs/log-host.ts';
import { removeLog } from '../logs/remove-log.ts';
import { findContainer } from '../objects/find.ts';
import { print } from '../output/print.ts';
import { UsageError } from '../usage-error.ts';
import { defineVerb, type VerbContext } from '../verb.ts';

type Flags = { readonly force: boolean; readonly 'keep-logs': boolean };

async function removeOne(client: CriClient, word: string, flags: Flags, context: VerbContext): Promise<void> {
	const { signal } = context;
	const { id } = await findContainer(client, word, { signal });
	const { state, logPath } = await client.runtime.containerStatus(id, { verbose: false }, { signal });
	const shown = `${sanitizeLine(word)}\n`;
	if (state === 'running') {
		if (!flags.force) {
			throw new FailedPreconditionError(
				`cannot remove container "${word}": it is running; criscope stop stops it, --force does both`,
			);
		}
		await client.runtime.stopContainer(id, 0, { signal });
		await print(context, shown);
	}
	await client.runtime.removeContainer(id, { signal });
	await print(context, shown);
	if (!flags['keep-logs'] && logPath !== '' && isOnThisHost(client.runtimeEndpoint)) await removeLog(logPath);
}

/** `criscope rm` */
export const rmVerb = defineVerb({
	name: 'rm',
	aliases: [],
	summary: 'Remove one or more containers, with their log files',
	operands: { least: 0, most: Number.POSITIVE_INFINITY, words: '[CONTAINER…]' },
	flags: {
		force: { kind: 'switch', short: 'f', help: 'a container that is running is killed first' },
		'keep-logs': { kind: 'switch', short: 'k', help: 'leave the log file and its rotations' },
		all: { kind: 'switch', short: 'a', help: 'remove all containers' },
	},
	notes: `A CONTAINER is an id, the beginning of one, or a name. When one cannot be removed, the others are removed all the
same, and the exit code is 1. A container that --force has to stop is printed twice, as crictl does.`,
	async run({ flags, operands }, context) {
		if (flags.all && operands.length > 0) throw new UsageError('rm takes containers or --all, not both');
		if (!flags.all && operands.length === 0) throw new UsageError('rm needs a CONTAINER or --all');
		const client = await context.connect();
		const all = flags.all ? await client.runtime.listContainers(undefined, context) : [];
		const words = flags.all ? all.map(({ id }): string => id) : [...new Set(operands)];
		if (words.length === 0) {
			context.stderr.write('No containers to remove\n');
			return 0;
		}
		return forEachObjectAtOnce(words, context, (word) => removeOne(client, word, flags, context));
	},
});
