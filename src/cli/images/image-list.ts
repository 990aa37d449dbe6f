/**
 * Which images a list shows, and in which order.
 * Source: cri-tools v1.36 cmd/crictl/image.go (ListImages, filterImagesList and what they call).
 */
import type { Image } from '../../cri/model.ts';
import type { CriClient } from '../../cri/ports.ts';
import type { FlagSpecs } from '../flags.ts';
import { UsageError } from '../usage-error.ts';
import { isCalled, nameAndTag, repositoryOf } from './image-names.ts';

/** The flag of verbs that choose images. */
export const filterFlag = {
	filter: {
		kind: 'list',
		short: 'f',
		value: 'CONDITION',
		help: 'dangling=true|false, reference=REGEX, before=IMAGE or since=IMAGE; all that are given hold',
	},
} as const satisfies FlagSpecs;

function compare(a: string, b: string): number {
	return a < b ? -1 : a > b ? 1 : 0;
}

function compareImages(a: Image, b: Image): number {
	const [tagA, tagB] = [a.repoTags[0], b.repoTags[0]];
	if (tagA !== undefined && tagB !== undefined) return compare(tagA, tagB);
	const [digestA, digestB] = [a.repoDigests[0], b.repoDigests[0]];
	if (digestA !== undefined && digestB !== undefined) return compare(digestA, digestB);
	return compare(a.id, b.id);
}

/** Whether this image is the one that `before=` or `since=` names: by name, by id or its beginning, by digest. */
function isNamed(image: Image, value: string): boolean {
	const [colon, at] = [value.includes(':'), value.includes('@')];
	if (colon && at) return image.repoDigests[0]?.startsWith(value) === true;
	if (colon) return nameAndTag(image)[0]?.join(':') === value;
	return !at && image.id.startsWith(value);
}

/** The images before the named one in the list; all where it is not there. */
function until(images: readonly Image[], value: string): readonly Image[] {
	const index = images.findIndex((image) => isNamed(image, value));
	return index < 0 ? images : images.slice(0, index);
}

type Filter = (images: readonly Image[]) => readonly Image[];

function parseFilter(condition: string): Filter {
	const equals = condition.indexOf('=');
	const value = condition.slice(equals + 1);
	switch (equals < 0 ? '' : condition.slice(0, equals)) {
		case 'dangling':
			if (value !== 'true' && value !== 'false') {
				throw new UsageError(`filter "${condition}" is wrong: dangling is true or false`);
			}
			return (images) => images.filter(({ repoTags }) => (repoTags.length === 0) === (value === 'true'));
		case 'reference': {
			let pattern: RegExp;
			try {
				pattern = new RegExp(value, 'u');
			} catch (error) {
				throw new UsageError(`filter "${condition}" is no regular expression: ${(error as Error).message}`);
			}
			return (images) =>
				images.filter((image) => pattern.test(repositoryOf(image)) || repositoryOf(image) === value);
		}
		case 'before':
			return (images) => until(images.toReversed(), value).toReversed();
		case 'since':
			return (images) => until(images, value);
		default:
			throw new UsageError(
				`unknown filter "${condition}"; there are dangling=, reference=, before= and since=`,
			);
	}
}

/**
 * Makes one filter of all conditions. The runtime is not asked before they are known to be right.
 * @throws UsageError that quotes the condition.
 */
export function parseFilters(conditions: readonly string[]): Filter {
	const filters = conditions.map(parseFilter);
	return (images) => filters.reduce((rest, filter) => filter(rest), images);
}

/** Images in crictl's order: by first tag, digest or id. */
export function sortImages(images: readonly Image[]): readonly Image[] {
	return images.toSorted(compareImages);
}

/** Asks for images whose name is `image` (all where it is undefined), sorts and filters. */
export async function listImages(
	client: CriClient,
	{ image, filter }: { readonly image: string | undefined; readonly filter: Filter },
	options: { readonly signal: AbortSignal },
): Promise<readonly Image[]> {
	if (image === undefined) return filter(sortImages(await client.images.listImages(undefined, options)));
	// containerd answers with all images, whatever it is asked for.
	const images = await client.images.listImages({ image }, options);
	return filter(sortImages(images.filter((candidate) => isCalled(candidate, image))));
}
