/** An image of the store with its manifest and config read and its chain of layers found. */
import { FailedPreconditionError, NotFoundError } from '../../cri/errors.ts';
import type { Digest, Store, StoredImage, StoredLayer, WaitOptions } from '../storage/model.ts';
import { parseConfig } from './config.ts';
import { sha256Digest } from './digest.ts';
import { parseManifest } from './manifest.ts';
import type { ImageConfig, ImageManifest } from './model.ts';

/** All that leaving the store takes. */
export type LoadedImage = {
	readonly image: StoredImage;
	readonly manifestBytes: Buffer;
	readonly manifestDigest: Digest;
	readonly manifest: ImageManifest;
	readonly configBytes: Buffer;
	readonly config: ImageConfig;
	/** From the base up. */
	readonly layers: readonly StoredLayer[];
};

/**
 * Finds an image by name, id or prefix, and reads it.
 * @throws NotFoundError, InvalidArgumentError (ambiguous prefix), FailedPreconditionError (damaged)
 */
export async function readStoredImage(
	reference: string,
	store: Store,
	{ signal }: WaitOptions = {},
): Promise<LoadedImage> {
	const image = await store.findImage(reference, { signal });
	if (image === undefined) throw new NotFoundError(`image "${reference}" is not found in the store`);
	const manifestBytes = await store.readBigData(image, 'manifest', { signal });
	const manifest = parseManifest(manifestBytes, '');
	if (manifest.kind !== 'manifest') {
		throw new FailedPreconditionError(`image ${image.id} is an index of images, not an image`);
	}
	const configBytes = await store.readBigData(image, manifest.config.digest, { signal });
	const layers = layerChain(image.layer, await store.listLayers({ signal }));
	const config = parseConfig(configBytes);
	if (layers.length !== config.diffIds.length || layers.length !== manifest.layers.length) {
		throw new FailedPreconditionError(
			`image ${image.id} has ${layers.length} layers in the store instead of ${config.diffIds.length}; pull it again`,
		);
	}
	return {
		image,
		manifestBytes,
		manifestDigest: sha256Digest(manifestBytes),
		manifest,
		configBytes,
		config,
		layers,
	};
}

/** The chain that ends in a layer, base first; it stops short where a parent is missing. */
export function layerChain(
	top: string | undefined,
	layers: readonly StoredLayer[] | ReadonlyMap<string, StoredLayer>,
): readonly StoredLayer[] {
	const byId = 'length' in layers ? new Map(layers.map((layer) => [layer.id, layer])) : layers;
	const chain: StoredLayer[] = [];
	const seen = new Set<string>();
	for (let id = top; id !== undefined && !seen.has(id); id = byId.get(id)?.parent) {
		const layer = byId.get(id);
		if (layer === undefined) break;
		seen.add(id);
		chain.unshift(layer);
	}
	return chain;
}
