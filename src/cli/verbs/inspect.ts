import type { ContainerId } from '../../cri/ids.ts';
import { containerFilterFlags, listContainers, parseContainerChoice } from '../containers/container-list.ts';
import { containerStatusEntry, containerStatusLines } from '../containers/container-status.ts';
import { forEachObject } from '../failures.ts';
import type { FlagSpecs } from '../flags.ts';
import { matchContainer } from '../objects/find.ts';
import { documentOutput, tableOrDocumentFlags } from '../output/document-output.ts';
import { print } from '../output/print.ts';
import { type StatusEntry, statusText } from '../output/status-entry.ts';
import { UsageError } from '../usage-error.ts';
import { defineVerb } from '../verb.ts';

const flags = {
	...tableOrDocumentFlags,
	quiet: { kind: 'switch', short: 'q', help: "leave out the runtime's verbose information" },
	...containerFilterFlags,
} as const satisfies FlagSpecs;

/** `criscope inspect` */
export const inspectVerb = defineVerb({
	name: 'inspect',
	aliases: [],
	summary: 'Show the status of one or more containers',
	operands: { least: 0, most: Number.POSITIVE_INFINITY, words: '[CONTAINER…]' },
	flags,
	notes: [
		'A CONTAINER is an id, the beginning of one, a name or pod/name. Without one, the flags choose: running containers',
		'where there are none either. One container is printed as one object, several as a list.',
	].join('\n'),
	async run({ flags, given, operands }, context) {
		const output = documentOutput(flags, 'json', ['table']);
		const choice = parseContainerChoice(flags);
		const filters = Object.keys(containerFilterFlags).filter((flag) => given.has(flag));
		if (operands.length > 0 && filters.length > 0) {
			throw new UsageError(`inspect takes either CONTAINER… or --${filters[0]}`);
		}
		const client = await context.connect();
		const { signal } = context;
		const verbose = !flags.quiet;
		const entries: StatusEntry[] = [];
		const show = async (id: ContainerId) => {
			const answer = await client.answers.containerStatus(id, { verbose }, { signal });
			if (output.format !== 'table') entries.push(containerStatusEntry(answer));
			else await print(context, containerStatusLines(answer, { verbose, nowMs: context.now() }));
		};
		let exitCode: number;
		if (operands.length > 0) {
			const containers = await client.runtime.listContainers(undefined, { signal });
			const podsOf = () => client.runtime.listPodSandbox(undefined, { signal });
			exitCode = await forEachObject(operands, context, async (word) =>
				show((await matchContainer(containers, podsOf, word)).id),
			);
		} else {
			const chosen = await listContainers(client, choice, { signal });
			if (chosen.length === 0)
				throw new Error('there is no such container; --all looks at those that do not run');
			exitCode = await forEachObject(chosen, context, ({ id }) => show(id));
		}
		if (entries.length > 0) await print(context, await statusText(entries, output, context));
		return exitCode;
	},
});
