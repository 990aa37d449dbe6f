/** What an image of the store is made of, who else has its layers, who uses it, and what is wrong with it. */

import { errorMessage, NotFoundError } from '../../cri/errors.ts';
import type { ImageDescription, ImageLayer } from '../../cri/image-transfer.ts';
import type { Store, StoredImage, StoredLayer, WaitOptions } from '../storage/model.ts';
import { parseConfig } from './config.ts';
import { parseManifest } from './manifest.ts';
import type { ImageConfig, ImageManifest } from './model.ts';
import { formatPlatform } from './platform.ts';
import { layerChain } from './stored-image.ts';

/**
 * Describes an image. One that is damaged is described as far as it goes, and `damages` says what is missing.
 * @throws NotFoundError, InvalidArgumentError (ambiguous prefix)
 */
export async function describeImage(
	reference: string,
	store: Store,
	{ signal }: WaitOptions = {},
): Promise<ImageDescription> {
	const image = await store.findImage(reference, { signal });
	if (image === undefined) {
		throw new NotFoundError(`cannot describe image "${reference}": it is not found in the store`);
	}
	const [images, stored, containers, damages] = await Promise.all([
		store.listImages({ signal }),
		store.listLayers({ signal }),
		store.listContainers({ signal }),
		store.check({ signal }),
	]);
	const byId = new Map(stored.map((layer) => [layer.id, layer]));
	const chain = layerChain(image.layer, byId);
	const found: string[] = [];
	const manifest = await readPart(image, 'manifest', parseManifestOnly, store, found, signal);
	const configKey = manifest?.config.digest ?? `sha256:${image.id}`;
	const config = await readPart(image, configKey, parseConfig, store, found, signal);
	const layers = describeLayers(image, chain, images, byId);
	const own = new Set(chain.map(({ id }) => id));
	for (const { kind, id, cause } of damages) {
		if (kind === 'image' && id === image.id) found.push(cause);
		if (kind === 'layer' && own.has(id)) found.push(`layer ${id}: ${cause}`);
	}
	const expected = config?.diffIds.length ?? chain.length;
	if (chain.length !== expected) found.push(`the store has ${chain.length} of its ${expected} layers`);
	return {
		imageId: image.id,
		// The record's own digest is that of an index, where the image came by one.
		manifestDigest: image.bigData.get('manifest')?.digest ?? image.digest ?? '',
		mediaType: manifest?.mediaType ?? '',
		platform: config ? formatPlatform(config) : '',
		createdAtNanos: config?.createdAtNanos ?? image.createdAtNanos,
		names: image.names,
		layers,
		history: config?.history ?? [],
		uniqueBytes: layers
			.filter(({ sharedWith }) => sharedWith.length === 0)
			.reduce((sum, { uncompressedBytes }) => sum + uncompressedBytes, 0),
		containerIds: containers.filter(({ imageId }) => imageId === image.id).map(({ id }) => id),
		damages: [...new Set(found)],
	};
}

function describeLayers(
	image: StoredImage,
	chain: readonly StoredLayer[],
	images: readonly StoredImage[],
	byId: ReadonlyMap<string, StoredLayer>,
): readonly ImageLayer[] {
	const users = new Map<string, string[]>();
	for (const other of images) {
		if (other.id === image.id) continue;
		for (const { id } of layerChain(other.layer, byId)) users.set(id, [...(users.get(id) ?? []), other.id]);
	}
	return chain.map((layer) => ({
		diffId: layer.diffDigest ?? '',
		layerId: layer.id,
		compressedDigest: layer.compressedDigest,
		compressedBytes: layer.compressedSizeBytes,
		uncompressedBytes: layer.diffSizeBytes ?? 0,
		sharedWith: users.get(layer.id) ?? [],
	}));
}

function parseManifestOnly(bytes: Buffer): ImageManifest | undefined {
	const parsed = parseManifest(bytes, '');
	return parsed.kind === 'manifest' ? parsed : undefined;
}

/** Reads and parses a piece of big data; what is wrong with it goes to the damages. */
async function readPart<T extends ImageManifest | ImageConfig | undefined>(
	image: StoredImage,
	key: string,
	parse: (bytes: Buffer) => T,
	store: Store,
	damages: string[],
	signal: AbortSignal | undefined,
): Promise<T | undefined> {
	try {
		return parse(await store.readBigData(image, key, { signal }));
	} catch (error) {
		signal?.throwIfAborted();
		damages.push(errorMessage(error));
		return undefined;
	}
}
