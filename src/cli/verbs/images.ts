import { shortId } from '../../cri/ids.ts';
import type { Image } from '../../cri/model.ts';
import { sanitizeLine } from '../../text/sanitize.ts';
import type { FlagSpecs, FlagValues } from '../flags.ts';
import { imageJson } from '../images/image-json.ts';
import { filterFlag, listImages, parseFilters } from '../images/image-list.ts';
import { nameAndTag, repositoryAndDigest } from '../images/image-names.ts';
import {
	documentFlags,
	documentOutput,
	documentText,
	isDocument,
	listFormats,
} from '../output/document-output.ts';
import { humanSize } from '../output/human-size.ts';
import { print } from '../output/print.ts';
import { tableText } from '../output/table.ts';
import { defineVerb } from '../verb.ts';

const flags = {
	quiet: { kind: 'switch', short: 'q', help: 'print ids only' },
	...documentFlags,
	...filterFlag,
	digests: { kind: 'switch', help: 'show digests' },
	'no-trunc': { kind: 'switch', help: 'show ids and digests in full' },
	pinned: { kind: 'switch', help: 'show which images the kubelet must not collect' },
	verbose: { kind: 'switch', short: 'v', help: 'show everything known of each image' },
} as const satisfies FlagSpecs;

type Columns = Pick<FlagValues<typeof flags>, 'digests' | 'no-trunc' | 'pinned'>;

/** The table of images; one row for each tag. */
export function imagesTable(images: readonly Image[], columns: Columns): string {
	const { digests, pinned } = columns;
	const short = (id: string) => (columns['no-trunc'] ? id : shortId(id));
	const header = [
		'IMAGE',
		'TAG',
		...(digests ? ['DIGEST'] : []),
		'IMAGE ID',
		'SIZE',
		...(pinned ? ['PINNED'] : []),
	];
	const rows = images.flatMap((image) =>
		nameAndTag(image).map((pair) => [
			...pair,
			...(digests ? [short(repositoryAndDigest(image)[1])] : []),
			short(image.id),
			humanSize(image.sizeBytes, 3),
			...(pinned ? [String(image.pinned)] : []),
		]),
	);
	return tableText([header, ...rows]);
}

/** Paragraphs of `key: value` lines. */
export function imagesVerbose(images: readonly Image[]): string {
	return images
		.map((image) => {
			const lines = [
				`ID: ${image.id}`,
				...image.repoTags.map((tag) => `RepoTags: ${tag}`),
				...image.repoDigests.map((digest) => `RepoDigests: ${digest}`),
				...(image.sizeBytes === 0n ? [] : [`Size: ${image.sizeBytes}`]),
				...(image.uid === undefined ? [] : [`Uid: ${image.uid}`]),
				...(image.username === '' ? [] : [`Username: ${image.username}`]),
				...(image.pinned ? ['Pinned: true'] : []),
			];
			return `${lines.map(sanitizeLine).join('\n')}\n\n`;
		})
		.join('');
}

/** `criscope images` */
export const imagesVerb = defineVerb({
	name: 'images',
	aliases: ['image', 'img'],
	summary: 'List images',
	operands: { least: 0, most: 1, words: '[REPOSITORY[:TAG]]' },
	flags,
	notes: '',
	async run({ flags, operands: [image] }, context) {
		const output = documentOutput(flags, 'table', listFormats);
		const filter = parseFilters(flags.filter);
		const client = await context.connect();
		const images = await listImages(client, { image, filter }, context);
		const document = { images: images.map(imageJson) };
		const columns = output.format === 'wide' ? { ...flags, digests: true, pinned: true } : flags;
		if (isDocument(output)) await print(context, await documentText(document, output, context));
		else if (flags.quiet) await print(context, images.map(({ id }) => `${sanitizeLine(id)}\n`).join(''));
		else if (flags.verbose) await print(context, imagesVerbose(images));
		else await print(context, imagesTable(images, columns));
		return 0;
	},
});
