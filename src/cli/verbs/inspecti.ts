import { NotFoundError } from '../../cri/errors.ts';
import type { ImageStatus } from '../../cri/model.ts';
import { sanitizeLine } from '../../text/sanitize.ts';
import { forEachObject } from '../failures.ts';
import { imageJson } from '../images/image-json.ts';
import { filterFlag, listImages, parseFilters } from '../images/image-list.ts';
import { documentOutput, tableOrDocumentFlags } from '../output/document-output.ts';
import { humanSize } from '../output/human-size.ts';
import { print } from '../output/print.ts';
import { type StatusEntry, statusText } from '../output/status-entry.ts';
import { UsageError } from '../usage-error.ts';
import { defineVerb } from '../verb.ts';

/** The lines of `-o table`; info as Go prints a map. */
export function imageStatusTable({ image, info }: ImageStatus, verbose: boolean): string {
	if (!image) return '';
	const pairs = Object.entries(info)
		.sort(([a], [b]) => (a < b ? -1 : 1))
		.map(([key, value]) => `${key}:${value}`);
	const lines = [
		`ID: ${image.id}`,
		...image.repoTags.map((tag) => `Tag: ${tag}`),
		...image.repoDigests.map((digest) => `Digest: ${digest}`),
		`Size: ${humanSize(image.sizeBytes, 3)}`,
		...(verbose ? [`Info: map[${pairs.join(' ')}]`] : []),
	];
	return `${lines.map(sanitizeLine).join('\n')}\n`;
}

/** `criscope inspecti` */
export const inspectiVerb = defineVerb({
	name: 'inspecti',
	aliases: [],
	summary: 'Show the status of one or more images',
	operands: { least: 0, most: Number.POSITIVE_INFINITY, words: '[IMAGE…]' },
	flags: {
		...tableOrDocumentFlags,
		quiet: { kind: 'switch', short: 'q', help: "leave out the runtime's verbose information" },
		name: { kind: 'text', value: 'NAME', help: 'choose by name, where no IMAGE is given' },
		...filterFlag,
	},
	notes: 'An IMAGE is a name, a digest or an id. One image is printed as one object, several as a list.',
	async run({ flags, given, operands }, context) {
		const output = documentOutput(flags, 'json', ['table']);
		const filter = parseFilters(flags.filter);
		const chooses = given.has('name') || given.has('filter');
		if (operands.length > 0 && chooses) {
			throw new UsageError('inspecti takes either IMAGE… or --name and --filter');
		}
		const client = await context.connect();
		const { signal } = context;
		const ids =
			operands.length > 0
				? operands
				: (await listImages(client, { image: flags.name, filter }, { signal })).map(({ id }) => id);
		if (ids.length === 0) throw new Error(chooses ? 'no image is like that' : 'there is no image');
		const verbose = !flags.quiet;
		const entries: StatusEntry[] = [];
		const exitCode = await forEachObject(ids, context, async (id) => {
			const status = await client.images.imageStatus(id, { verbose }, { signal });
			if (!status.image) throw new NotFoundError(`cannot inspect image "${id}": there is no such image`);
			if (output.format === 'table') await print(context, imageStatusTable(status, verbose));
			else entries.push({ status: imageJson(status.image), info: verbose ? status.info : {} });
		});
		if (entries.length > 0) {
			await print(context, await statusText(entries, output, context));
		}
		return exitCode;
	},
});
