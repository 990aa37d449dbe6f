import { mapContainerEvent } from '../../cri/codec-runtime.ts';
import { shortId } from '../../cri/ids.ts';
import type { ContainerEvent } from '../../cri/model.ts';
import type { ProtocolJson } from '../../cri/protocol-json.ts';
import {
	type DocumentOutput,
	documentOutput,
	documentText,
	tableOrDocumentFlags,
} from '../output/document-output.ts';
import { rfc3339Nano } from '../output/go-time.ts';
import type { TextTarget } from '../output/json.ts';
import { print } from '../output/print.ts';
import { tableText } from '../output/table.ts';
import { defineVerb } from '../verb.ts';

/** Columns that do not know yet what will stand in them. */
const layout = { leastCells: 16, gapCells: 3 };

/** One line of `-o table`. The sandbox has events too: it is its own container. */
export function eventLine(event: ContainerEvent): string {
	const pod = event.podSandboxStatus;
	const own = event.containerStatuses.find(({ id }) => id === event.containerId);
	const name = own?.metadata.name ?? (pod && String(pod.id) === String(event.containerId) ? '(pod)' : '-');
	const path = pod ? `${pod.metadata.namespace}/${pod.metadata.name}` : '-';
	return tableText(
		[[rfc3339Nano(event.createdAtNanos).padEnd(32), event.type, shortId(event.containerId), name, path]],
		layout,
	);
}

async function eventText(json: ProtocolJson, output: DocumentOutput, target: TextTarget): Promise<string> {
	if (output.format === 'table') return eventLine(mapContainerEvent(json));
	const text = await documentText(json, output, target);
	// One document after the other, so that a reader of YAML can tell them apart.
	return output.format === 'yaml' ? `---\n${text}` : text;
}

/** `criscope events` */
export const eventsVerb = defineVerb({
	name: 'events',
	aliases: ['event'],
	summary: 'Show what happens to containers, as it happens',
	operands: { least: 0, most: 0, words: '' },
	flags: tableOrDocumentFlags,
	notes:
		'Until Ctrl-C. Some runtimes tell each event to one listener only: beside a kubelet, this takes events away from it.',
	async run({ flags }, context) {
		const output = documentOutput(flags, 'json', ['table']);
		const client = await context.connect();
		const { signal } = context;
		// A stream stays silent until something happens; that nobody is there is to be said at once.
		await client.answers.version({ signal });
		try {
			for await (const event of client.answers.containerEvents({ signal })) {
				await print(context, await eventText(event, output, context));
			}
		} catch (error) {
			if (!signal.aborted) throw error;
		}
		return 0;
	},
});
