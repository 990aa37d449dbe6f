/** Finding the image that a person, a kubelet or another program means. */
import { InvalidArgumentError } from '../../cri/errors.ts';
import { formatImageReference, type ImageReference, parseImageReference } from '../../cri/image-reference.ts';
import type { ImageEntry, ImageIndex } from './records/image-records.ts';

/**
 * By name, then by id, then by a prefix of an id.
 * @param indexes the store's own first, then those of additional stores
 * @throws InvalidArgumentError where a prefix fits several images
 */
export function findImageEntry(indexes: readonly ImageIndex[], reference: string): ImageEntry | undefined {
	const text = reference.trim();
	if (text === '') return undefined;
	const hex = text.replace(/^sha256:/, '');
	return (
		first(indexes, (index) => index.byName.get(text)) ??
		first(indexes, (index) => index.byId.get(hex)) ??
		findByReference(indexes, text) ??
		findByPrefix(indexes, hex)
	);
}

function findByReference(indexes: readonly ImageIndex[], text: string): ImageEntry | undefined {
	// `sha256:…` reads like a repository with a tag, but nobody means that.
	if (/^sha256:[0-9a-f]*$/.test(text)) return undefined;
	let reference: ImageReference;
	try {
		reference = parseImageReference(text);
	} catch {
		// A prefix of an id may still be meant.
		return undefined;
	}
	for (const candidate of candidates(text, reference)) {
		const found =
			first(indexes, (index) => index.byName.get(formatImageReference(candidate))) ??
			first(indexes, (index) => findByDigest(index, candidate));
		if (found !== undefined) return found;
	}
	return isShort(text) ? first(indexes, (index) => findBySuffix(index, reference)) : undefined;
}

/** What a short name may stand for: Docker's, or one that was built here. */
function candidates(text: string, reference: ImageReference): readonly ImageReference[] {
	if (!isShort(text)) return [reference];
	const repository = reference.repository.replace(/^library\//, '');
	return [reference, { ...reference, domain: 'localhost', repository }];
}

/** With a digest, the tag says nothing: an image of that repository whose manifest or index has the digest. */
function findByDigest(index: ImageIndex, reference: ImageReference): ImageEntry | undefined {
	if (reference.digest === undefined) return undefined;
	const repository = `${reference.domain}/${reference.repository}`;
	return index.byDigest
		.get(reference.digest)
		?.find(({ image }) => image.names.some((name) => repositoryOf(name) === repository));
}

/** A short name that was pulled through the search list of registries.conf stands under that registry. */
function findBySuffix(index: ImageIndex, reference: ImageReference): ImageEntry | undefined {
	const repository = `/${reference.repository.replace(/^library\//, '')}`;
	if (reference.digest !== undefined) {
		return index.byDigest
			.get(reference.digest)
			?.find(({ image }) => image.names.some((name) => repositoryOf(name).endsWith(repository)));
	}
	const suffix = `${repository}:${reference.tag}`;
	for (const [name, entry] of index.byName) {
		if (name.endsWith(suffix)) return entry;
	}
	return undefined;
}

function findByPrefix(indexes: readonly ImageIndex[], prefix: string): ImageEntry | undefined {
	if (!/^[0-9a-f]+$/.test(prefix)) return undefined;
	const found = new Map<string, ImageEntry>();
	for (const index of indexes) {
		for (const [id, entry] of index.byId) {
			if (id.startsWith(prefix) && !found.has(id)) found.set(id, entry);
		}
	}
	if (found.size > 1) {
		throw new InvalidArgumentError(
			`cannot find image "${prefix}": ${found.size} images have an id that begins so; give more of it`,
		);
	}
	return found.values().next().value;
}

/** Without a registry: the first part of the path is no host. */
function isShort(text: string): boolean {
	const [host = '', ...rest] = text.split('/');
	return rest.length === 0 || !(/[.:]/.test(host) || host === 'localhost');
}

/** The name without tag and digest. */
function repositoryOf(name: string): string {
	const withoutDigest = name.replace(/@.*$/, '');
	const colon = withoutDigest.lastIndexOf(':');
	return colon > withoutDigest.lastIndexOf('/') ? withoutDigest.slice(0, colon) : withoutDigest;
}

function first<T>(indexes: readonly ImageIndex[], find: (index: ImageIndex) => T | undefined): T | undefined {
	for (const index of indexes) {
		const found = find(index);
		if (found !== undefined) return found;
	}
	return undefined;
}
