/**
 * Images in an archive as `docker save` and `podman save` write it. Source: Docker image spec v1.2, "Combined Image JSON".
 */

import { InvalidArgumentError } from '../../../cri/errors.ts';
import { formatImageReference, parseImageReference } from '../../../cri/image-reference.ts';
import type { Digest } from '../../storage/model.ts';
import { checkLayerCount, parseConfig } from '../config.ts';
import { sha256Digest } from '../digest.ts';
import { asArray, asObject, asString, asStrings } from '../json-fields.ts';
import { maxLayers } from '../manifest.ts';
import { mediaTypes } from '../media-types.ts';
import type { FetchedManifest } from '../model.ts';
import type { ArchiveFiles } from './archive-files.ts';
import type { ArchiveImage } from './archive-image.ts';

const maxImages = 1000;
// What containers/image claims of every layer, though they are plain tars: the digest of the manifest depends on it.
const layerType = 'application/vnd.docker.image.rootfs.diff.tar.gzip';

/**
 * Reads manifest.json.
 * @throws InvalidArgumentError
 */
export async function readDockerArchive(files: ArchiveFiles): Promise<readonly ArchiveImage[]> {
	const bytes = await files.get('manifest.json').read();
	let items: readonly unknown[] | undefined;
	try {
		items = asArray(JSON.parse(bytes.toString('utf8')));
	} catch (cause) {
		throw new InvalidArgumentError(`the archive's manifest.json is no JSON`, { cause });
	}
	if (items === undefined) throw new InvalidArgumentError("the archive's manifest.json is no list of images");
	if (items.length > maxImages)
		throw new InvalidArgumentError(`the archive has more than ${maxImages} images`);
	return await Promise.all(items.map((item) => readItem(item, files)));
}

async function readItem(item: unknown, files: ArchiveFiles): Promise<ArchiveImage> {
	const json = asObject(item) ?? {};
	const configName = asString(json['Config']) ?? '';
	const layerNames = asStrings(json['Layers']);
	if (configName === '')
		throw new InvalidArgumentError("an image of the archive's manifest.json has no Config");
	if (layerNames.length > maxLayers) {
		throw new InvalidArgumentError(
			`an image of the archive has ${layerNames.length} layers, more than ${maxLayers}`,
		);
	}
	const configBytes = await files.get(configName).read();
	const config = parseConfig(configBytes);
	checkLayerCount(layerNames.length, config);
	const configDigest = sha256Digest(configBytes);
	const layers = config.diffIds.map((diffId, index) => ({
		diffId,
		digest: diffId,
		// A compressed layer counts as what it unpacks to, as for Podman: so the manifest is the same whoever saved it.
		blob: undefined,
		file: files.get(layerNames[index] ?? ''),
	}));
	return {
		names: asStrings(json['RepoTags']).map(nameOf),
		configBytes,
		configDigest,
		config,
		index: undefined,
		layers,
		manifest: (sizes) => dockerManifest(configDigest, configBytes.length, config.diffIds, sizes),
	};
}

/** @throws InvalidArgumentError where the archive's name is no reference */
function nameOf(text: string): string {
	return formatImageReference({ ...parseImageReference(text), digest: undefined });
}

/** The manifest that containers/image makes for such an image, byte for byte. */
export function dockerManifest(
	configDigest: Digest,
	configBytes: number,
	diffIds: readonly Digest[],
	sizes: ReadonlyMap<Digest, number>,
): FetchedManifest {
	const bytes = Buffer.from(
		JSON.stringify({
			schemaVersion: 2,
			mediaType: mediaTypes.docker.manifest,
			config: { mediaType: mediaTypes.docker.config, size: configBytes, digest: configDigest },
			layers: diffIds.map((digest) => ({ mediaType: layerType, size: sizes.get(digest) ?? 0, digest })),
		}),
	);
	return { bytes, digest: sha256Digest(bytes), mediaType: mediaTypes.docker.manifest };
}
