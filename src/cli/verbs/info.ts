import { readStringMap } from '../../cri/codec-fields.ts';
import type { ProtocolJson } from '../../cri/protocol-json.ts';
import type { FlagSpecs } from '../flags.ts';
import { documentOutput, onlyDocumentFlags } from '../output/document-output.ts';
import { goJson } from '../output/go-json.ts';
import { print } from '../output/print.ts';
import { type StatusEntry, statusText } from '../output/status-entry.ts';
import { defineVerb } from '../verb.ts';

const flags = {
	...onlyDocumentFlags,
	quiet: { kind: 'switch', short: 'q', help: "leave out the runtime's verbose information" },
} as const satisfies FlagSpecs;

/** The document of a StatusResponse. Source: cri-tools v1.36 cmd/crictl/info.go. */
export function runtimeStatusEntry(answer: ProtocolJson): StatusEntry {
	const { runtimeHandlers, features } = answer;
	return {
		status: answer['status'] ?? {},
		beside: {
			...(Array.isArray(runtimeHandlers) &&
				runtimeHandlers.length > 0 && { runtimeHandlers: goJson(runtimeHandlers) }),
			...(features !== undefined && { features: goJson(features) }),
		},
		info: readStringMap(answer['info']),
	};
}

/** `criscope info` */
export const infoVerb = defineVerb({
	name: 'info',
	aliases: [],
	summary: 'Show the status of the runtime',
	operands: { least: 0, most: 0, words: '' },
	flags,
	notes: '',
	async run({ flags }, context) {
		const output = documentOutput(flags, 'json', []);
		const client = await context.connect();
		const answer = await client.answers.status({ verbose: !flags.quiet }, { signal: context.signal });
		await print(context, await statusText([runtimeStatusEntry(answer)], output, context));
		return 0;
	},
});
