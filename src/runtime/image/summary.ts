/** An image of the store as the CRI lists it. Source: runtime.v1 Image; CRI-O for digests, containers/storage for the size. */
import { parseImageReference } from '../../cri/image-reference.ts';
import type { StoredImage, StoredLayer } from '../storage/model.ts';
import type { ImageConfig } from './model.ts';
import { layerChain } from './stored-image.ts';

/** What rpc ListImages and ImageStatus say of an image. */
export type ImageSummary = {
	readonly id: string;
	/** Full names with tag. */
	readonly repoTags: readonly string[];
	/** Full names with digest; each resolves to this image. */
	readonly repoDigests: readonly string[];
	readonly sizeBytes: bigint;
	/** The image's user where it is a number; then `username` is empty. */
	readonly uid: bigint | undefined;
	readonly username: string;
};

/**
 * Sums an image up. Pure.
 * @param layers all layers of the store, by id
 * @param config undefined where it cannot be read: the image has no known user then
 */
export function summarizeImage(
	image: StoredImage,
	layers: ReadonlyMap<string, StoredLayer>,
	config: Pick<ImageConfig, 'user'> | undefined,
): ImageSummary {
	return {
		id: image.id,
		repoTags: image.names.filter((name) => !name.includes('@')),
		repoDigests: repoDigestsOf(image),
		sizeBytes: sizeOf(image, layers),
		...userOf(config?.user ?? ''),
	};
}

/**
 * A repository that was pulled by tag goes with every manifest that is known of the image, the index's and its own; one that
 * was pulled by digest alone with just the digests that were asked for.
 */
export function repoDigestsOf({ names, bigData, digest }: StoredImage): readonly string[] {
	const known = [...bigData.keys()].flatMap((key) => /^manifest-(sha256:[0-9a-f]{64})$/.exec(key)?.[1] ?? []);
	// The one that was pulled last goes first, as with c/storage: it is what tables show.
	if (digest !== undefined && (known.length === 0 || known.includes(digest))) known.unshift(digest);
	const found = new Set(names.filter((name) => name.includes('@')));
	for (const name of names) {
		if (name.includes('@')) continue;
		const repository = repositoryOf(name);
		for (const manifest of repository === undefined ? [] : known) found.add(`${repository}@${manifest}`);
	}
	return [...found];
}

function repositoryOf(name: string): string | undefined {
	try {
		const { domain, repository } = parseImageReference(name);
		return `${domain}/${repository}`;
	} catch {
		return undefined;
	}
}

/** Uncompressed layers and big data, as `podman images` counts. */
function sizeOf(image: StoredImage, layers: ReadonlyMap<string, StoredLayer>): bigint {
	let sizeBytes = 0n;
	for (const { diffSizeBytes } of layerChain(image.layer, layers)) sizeBytes += BigInt(diffSizeBytes ?? 0);
	for (const { sizeBytes: bytes } of image.bigData.values()) sizeBytes += BigInt(bytes);
	return sizeBytes;
}

/** Splits `user[:group]`; the CRI wants a number or a name, never both. */
function userOf(user: string): Pick<ImageSummary, 'uid' | 'username'> {
	const [name = ''] = user.split(':');
	return /^\d{1,18}$/.test(name) ? { uid: BigInt(name), username: '' } : { uid: undefined, username: name };
}
