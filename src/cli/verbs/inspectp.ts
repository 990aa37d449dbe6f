import type { PodSandboxId } from '../../cri/ids.ts';
import { forEachObject } from '../failures.ts';
import type { FlagSpecs } from '../flags.ts';
import { matchPod } from '../objects/find.ts';
import { documentOutput, tableOrDocumentFlags } from '../output/document-output.ts';
import { print } from '../output/print.ts';
import { type StatusEntry, statusText } from '../output/status-entry.ts';
import { listPods, parsePodChoice, podFilterFlags } from '../pods/pod-list.ts';
import { podStatusEntry, podStatusLines } from '../pods/pod-status.ts';
import { UsageError } from '../usage-error.ts';
import { defineVerb } from '../verb.ts';

const flags = {
	...tableOrDocumentFlags,
	quiet: { kind: 'switch', short: 'q', help: "leave out the runtime's verbose information" },
	...podFilterFlags,
} as const satisfies FlagSpecs;

/** `criscope inspectp` */
export const inspectpVerb = defineVerb({
	name: 'inspectp',
	aliases: [],
	summary: 'Show the status of one or more pods',
	operands: { least: 0, most: Number.POSITIVE_INFINITY, words: '[POD…]' },
	flags,
	notes: [
		'A POD is an id, the beginning of one, a name or namespace/name. Without one, the flags choose: all pods where there are',
		'none either. One pod is printed as one object, several as a list.',
	].join('\n'),
	async run({ flags, given, operands }, context) {
		const output = documentOutput(flags, 'json', ['table']);
		const choice = parsePodChoice(flags);
		const filters = Object.keys(podFilterFlags).filter((flag) => given.has(flag));
		if (operands.length > 0 && filters.length > 0) {
			throw new UsageError(`inspectp takes either POD… or --${filters[0]}`);
		}
		const client = await context.connect();
		const { signal } = context;
		const verbose = !flags.quiet;
		const entries: StatusEntry[] = [];
		const show = async (id: PodSandboxId) => {
			const answer = await client.answers.podSandboxStatus(id, { verbose }, { signal });
			if (output.format !== 'table') entries.push(podStatusEntry(answer));
			else await print(context, podStatusLines(answer, { verbose }));
		};
		let exitCode: number;
		if (operands.length > 0) {
			const pods = await client.runtime.listPodSandbox(undefined, { signal });
			exitCode = await forEachObject(operands, context, (word) => show(matchPod(pods, word).id));
		} else {
			const chosen = await listPods(client, choice, { signal });
			if (chosen.length === 0) throw new Error('there is no such pod');
			exitCode = await forEachObject(chosen, context, ({ id }) => show(id));
		}
		if (entries.length > 0) await print(context, await statusText(entries, output, context));
		return exitCode;
	},
});
