import { FailedPreconditionError } from '../../cri/errors.ts';
import type { CriClient } from '../../cri/ports.ts';
import { sanitizeLine } from '../../text/sanitize.ts';
import { forEachObjectAtOnce } from '../failures.ts';
import { findPod } from '../objects/find.ts';
import { print } from '../output/print.ts';
import { removeOwnTraces } from '../run/pod-folder.ts';
import { UsageError } from '../usage-error.ts';
import { defineVerb, type VerbContext } from '../verb.ts';

async function removeOne(
	client: CriClient,
	word: string,
	force: boolean,
	context: VerbContext,
): Promise<void> {
	const { signal } = context;
	const { id, metadata } = await findPod(client, word, { signal });
	const { state } = await client.runtime.podSandboxStatus(id, { verbose: false }, { signal });
	const shown = sanitizeLine(word);
	if (state === 'ready') {
		if (!force) {
			throw new FailedPreconditionError(
				`cannot remove pod "${word}": it is running; criscope stopp stops it, --force does both`,
			);
		}
		await client.runtime.stopPodSandbox(id, { signal });
		await print(context, `Stopped sandbox ${shown}\n`);
	}
	await client.runtime.removePodSandbox(id, { signal });
	await removeOwnTraces(metadata);
	await print(context, `Removed sandbox ${shown}\n`);
}

/** `criscope rmp` */
export const rmpVerb = defineVerb({
	name: 'rmp',
	aliases: [],
	summary: 'Remove one or more pods and their containers',
	operands: { least: 0, most: Number.POSITIVE_INFINITY, words: '[POD…]' },
	flags: {
		force: { kind: 'switch', short: 'f', help: 'a pod that is running is stopped first' },
		all: { kind: 'switch', short: 'a', help: 'remove all pods' },
	},
	notes: `A POD is an id, the beginning of one, a name or namespace/name. When one cannot be removed, the others are removed
all the same, and the exit code is 1.`,
	async run({ flags, operands }, context) {
		const { all, force } = flags;
		if (all && operands.length > 0) throw new UsageError('rmp takes pods or --all, not both');
		if (!all && operands.length === 0) throw new UsageError('rmp needs a POD or --all');
		const client = await context.connect();
		const pods = all ? await client.runtime.listPodSandbox(undefined, context) : [];
		const words = all ? pods.map(({ id }): string => id) : [...new Set(operands)];
		if (words.length === 0) {
			context.stderr.write('No pods to remove\n');
			return 0;
		}
		return forEachObjectAtOnce(words, context, (word) => removeOne(client, word, force, context));
	},
});
