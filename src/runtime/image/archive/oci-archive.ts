/** Images in an OCI layout. Source: OCI image-spec v1.1 image-layout.md, annotations.md. */

import { InvalidArgumentError } from '../../../cri/errors.ts';
import { formatImageReference, parseImageReference } from '../../../cri/image-reference.ts';
import { checkLayerCount, parseConfig } from '../config.ts';
import { digestHex } from '../digest.ts';
import { parseManifest } from '../manifest.ts';
import { mediaTypes } from '../media-types.ts';
import type { Descriptor, ImageManifest, Platform } from '../model.ts';
import { chooseManifest, type IndexEntry } from '../platform.ts';
import type { ArchiveFile, ArchiveFiles } from './archive-files.ts';
import type { ArchiveImage } from './archive-image.ts';

const maxIndexDepth = 3;
const containerdName = 'io.containerd.image.name';
const refName = 'org.opencontainers.image.ref.name';

/** True where the archive is an OCI layout. */
export function isOciArchive(files: ArchiveFiles): boolean {
	return files.has('oci-layout') && files.has('index.json');
}

/**
 * Reads index.json and what it leads to. Of several platforms under one name the fitting one is taken; one image under
 * several names is one image.
 * @throws InvalidArgumentError, NotFoundError (no fitting platform)
 */
export async function readOciArchive(
	files: ArchiveFiles,
	platform: Platform,
): Promise<readonly ArchiveImage[]> {
	const index = parseManifest(await files.get('index.json').read(), mediaTypes.oci.index);
	if (index.kind !== 'index') throw new InvalidArgumentError("the archive's index.json is no index");
	const groups = new Map<string | undefined, IndexEntry[]>();
	for (const entry of index.manifests) {
		const name = nameOf(entry);
		groups.set(name, [...(groups.get(name) ?? []), entry]);
	}
	const images = new Map<string, ArchiveImage>();
	for (const [name, entries] of groups) {
		const [first] = entries;
		if (first === undefined) continue;
		const chosen = entries.length === 1 ? first : chooseManifest({ ...index, manifests: entries }, platform);
		const image = await readImage(chosen, files, platform);
		const { digest } = image.manifest(new Map());
		const known = images.get(digest);
		const names = [...(known?.names ?? []), ...(name === undefined ? [] : [name])];
		images.set(digest, { ...image, names, index: image.index ?? known?.index });
	}
	return [...images.values()];
}

async function readImage(
	descriptor: Descriptor,
	files: ArchiveFiles,
	platform: Platform,
): Promise<ArchiveImage> {
	let current = descriptor;
	let index: ArchiveImage['index'];
	for (let depth = 0; ; depth += 1) {
		const bytes = await blobOf(current, files).read();
		const parsed = parseManifest(bytes, current.mediaType);
		if (parsed.kind === 'manifest') return await imageOf(bytes, parsed, current, index, files);
		if (depth === maxIndexDepth) {
			throw new InvalidArgumentError(`the archive's index leads to indexes more than ${maxIndexDepth} deep`);
		}
		index ??= { bytes, digest: current.digest };
		current = chooseManifest(parsed, platform);
	}
}

async function imageOf(
	bytes: Buffer,
	manifest: ImageManifest,
	{ digest }: Descriptor,
	index: ArchiveImage['index'],
	files: ArchiveFiles,
): Promise<ArchiveImage> {
	const configBytes = await blobOf(manifest.config, files).read();
	const config = parseConfig(configBytes);
	checkLayerCount(manifest.layers.length, config);
	const layers = manifest.layers.map((layer, place) => ({
		diffId: config.diffIds[place] ?? layer.digest,
		digest: layer.digest,
		blob: { digest: layer.digest, sizeBytes: layer.sizeBytes },
		file: blobOf(layer, files),
	}));
	const fetched = { bytes, digest, mediaType: manifest.mediaType };
	return {
		names: [],
		configBytes,
		configDigest: manifest.config.digest,
		config,
		index,
		layers,
		manifest: () => fetched,
	};
}

/** A blob by its descriptor; its digest was compared with its name when it was read. */
function blobOf({ digest, sizeBytes }: Descriptor, files: ArchiveFiles): ArchiveFile {
	const file = files.get(`blobs/sha256/${digestHex(digest)}`);
	// A link may lead to a file of another name.
	if (file.digest !== digest) {
		throw new InvalidArgumentError(`the archive's blob ${digest} has the digest ${file.digest}`);
	}
	if (file.sizeBytes === sizeBytes) return file;
	throw new InvalidArgumentError(
		`the archive's blob ${digest} has ${file.sizeBytes} bytes instead of ${sizeBytes}`,
	);
}

/**
 * The name that an entry carries: containerd's and Docker's annotation holds it in full; OCI's may be short, and then is of
 * this machine, as for Podman.
 */
function nameOf({ annotations }: IndexEntry): string | undefined {
	const full = annotations[containerdName];
	if (full) return formatImageReference({ ...parseImageReference(full), digest: undefined });
	const name = annotations[refName];
	if (!name) return undefined;
	const slash = name.indexOf('/');
	const first = slash < 0 ? '' : name.slice(0, slash);
	const hasDomain = first === 'localhost' || /[.:]/.test(first);
	return formatImageReference(parseImageReference(hasDomain ? name : `localhost/${name}`));
}
