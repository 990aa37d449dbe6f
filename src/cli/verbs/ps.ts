import type { CriClient } from '../../cri/ports.ts';
import { sanitizeLine } from '../../text/sanitize.ts';
import { containerExtras } from '../containers/container-extras.ts';
import {
	containerFilterFlags,
	type ListedContainer,
	listContainers,
	parseContainerChoice,
} from '../containers/container-list.ts';
import { containersTable, containersVerbose, shownImage } from '../containers/container-table.ts';
import type { FlagSpecs } from '../flags.ts';
import {
	documentFlags,
	documentOutput,
	documentText,
	isDocument,
	listFormats,
} from '../output/document-output.ts';
import { printAgain, watchFlags, watchIntervalMs } from '../output/watch.ts';
import { defineVerb } from '../verb.ts';

const flags = {
	...containerFilterFlags,
	id: { kind: 'text', value: 'ID', help: 'whose id begins so' },
	quiet: { kind: 'switch', short: 'q', help: 'print ids only' },
	...documentFlags,
	'no-trunc': { kind: 'switch', help: 'show ids in full' },
	'resolve-image-path': { kind: 'switch', short: 'r', help: "show the image's name instead of its id" },
	verbose: { kind: 'switch', short: 'v', help: 'show everything known of each container' },
	...watchFlags,
} as const satisfies FlagSpecs;

/** The first name of each container's image. */
async function resolveImages(
	client: CriClient,
	containers: readonly ListedContainer[],
	{ noTrunc, signal }: { readonly noTrunc: boolean; readonly signal: AbortSignal },
): Promise<ReadonlyMap<string, string>> {
	const images = [...new Set(containers.map(({ image }) => image.image))];
	const names = new Map<string, string | undefined>();
	for (const image of images) {
		const status = await client.images.imageStatus(image, { verbose: false }, { signal });
		names.set(image, status.image?.repoTags[0]);
	}
	return new Map(
		containers.map((container) => [
			container.id,
			names.get(container.image.image) ?? shownImage(container, noTrunc),
		]),
	);
}

/** `criscope ps` */
export const psVerb = defineVerb({
	name: 'ps',
	aliases: [],
	summary: 'List containers',
	operands: { least: 0, most: 0, words: '' },
	flags,
	notes:
		'Without --all, --state, --latest or --last, running containers are listed. -o wide adds CPU, memory, ports and command.',
	async run({ flags }, context) {
		const output = documentOutput(flags, 'table', listFormats);
		const choice = parseContainerChoice(flags);
		const again = { intervalMs: watchIntervalMs(flags), inPlace: !isDocument(output) };
		const client = await context.connect();
		const noTrunc = flags['no-trunc'];
		const { signal } = context;
		await printAgain(context, again, async () => {
			const containers = await listContainers(client, choice, { signal });
			if (isDocument(output)) {
				return documentText({ containers: containers.map(({ json }) => json) }, output, context);
			}
			if (flags.quiet) return containers.map(({ id }) => `${sanitizeLine(id)}\n`).join('');
			if (flags.verbose) return containersVerbose(containers, context.now());
			const [imageNames, extras] = await Promise.all([
				flags['resolve-image-path'] ? resolveImages(client, containers, { noTrunc, signal }) : undefined,
				output.format === 'wide' ? containerExtras(client, containers, { signal }) : undefined,
			]);
			return containersTable(containers, { noTrunc, nowMs: context.now(), imageNames, extras });
		});
		return 0;
	},
});
