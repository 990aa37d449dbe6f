/** One layer on its way to a registry: found there, mounted from a neighbour, or sent. */
import { errorMessage } from '../../cri/errors.ts';
import type { Digest, Store, StoredLayer, WaitOptions } from '../storage/model.ts';
import { type LayerStream, openCompressedLayer, type WireCompression } from './compress-layer.ts';
import {
	compressionOfMediaType,
	formatOfMediaType,
	isForeignLayer,
	layerMediaType,
	type ManifestFormat,
} from './media-types.ts';
import { type Descriptor, RegistryError, type Repository } from './model.ts';
import type { SentLayer } from './push-manifest.ts';
import type { TransferLog } from './transfer-log.ts';

/** What all layers of a push share. */
export type PushLayerTools = {
	readonly store: Store;
	readonly repository: Repository;
	readonly log: TransferLog;
	readonly format: ManifestFormat;
	/** Asked for; undefined: as it is, gzip where it must be made anew. */
	readonly compression: 'gzip' | 'zstd' | undefined;
	/** Repositories of the same registry that may have a layer, by the layer's id. */
	readonly neighbours: ReadonlyMap<string, readonly string[]>;
};

/** Each costs a request. */
const maxMountTries = 4;

/**
 * Sees to it that the registry has a layer.
 * @throws RegistryError, FailedPreconditionError (the layer is damaged in the store), the reason of the signal
 */
export async function pushLayer(
	{
		layer,
		descriptor,
		index,
	}: { readonly layer: StoredLayer; readonly descriptor: Descriptor; readonly index: number },
	tools: PushLayerTools,
	{ signal }: WaitOptions = {},
): Promise<{ readonly sent: SentLayer; readonly uploaded: boolean }> {
	const { repository, log, store } = tools;
	if (isForeignLayer(descriptor.mediaType) && descriptor.urls.length > 0) {
		log.layer(index, { state: 'present' });
		const { digest, sizeBytes } = descriptor;
		return { sent: { digest, sizeBytes, compression: undefined }, uploaded: false };
	}
	const blobs = knownBlobs(layer, descriptor, tools);
	for (const sent of blobs) {
		if (await repository.hasBlob(sent.digest, { signal })) {
			log.layer(index, { digest: sent.digest, state: 'present', totalBytes: sent.sizeBytes });
			return { sent, uploaded: false };
		}
	}
	const neighbours = (tools.neighbours.get(layer.id) ?? []).slice(0, maxMountTries);
	for (const sent of blobs) {
		for (const neighbour of neighbours) {
			if (await tryMount(sent.digest, neighbour, tools, signal)) {
				log.layer(index, { digest: sent.digest, state: 'mounted', totalBytes: sent.sizeBytes });
				return { sent, uploaded: false };
			}
		}
	}

	const compression: WireCompression = tools.compression ?? 'gzip';
	let stream: LayerStream | undefined;
	// How large it becomes is not known before its end.
	log.layer(index, { state: 'transferring', totalBytes: 0 });
	const digest = await repository.uploadBlob(
		async () => {
			stream = await openCompressedLayer(layer, compression, store, { signal });
			return { body: stream.body, digest: stream.digest, sizeBytes: undefined };
		},
		{ signal, onProgress: (transferredBytes) => log.layer(index, { transferredBytes }) },
	);
	const sizeBytes = stream?.sizeBytes() ?? 0;
	log.layer(index, { digest, state: 'done', transferredBytes: sizeBytes, totalBytes: sizeBytes });
	const isOriginal = digest === descriptor.digest;
	return { sent: { digest, sizeBytes, compression: isOriginal ? undefined : compression }, uploaded: true };
}

/** The blobs that are known to be this layer and fit what was asked for, the original manifest's first. */
function knownBlobs(
	layer: StoredLayer,
	descriptor: Descriptor,
	{ compression, format }: PushLayerTools,
): readonly SentLayer[] {
	const asked = (has: StoredLayer['compression']) => compression === undefined || has === compression;
	const blobs: SentLayer[] = [];
	const promised = compressionOfMediaType(descriptor.mediaType);
	// A docker-archive's manifest says gzip of layers that are plain tars: such a descriptor is not passed on.
	const isHonest = descriptor.digest !== layer.diffDigest || promised === 'none';
	const isNameable =
		formatOfMediaType(descriptor.mediaType) === format || layerMediaType(format, promised) !== undefined;
	if (isHonest && isNameable && asked(promised)) {
		blobs.push({ digest: descriptor.digest, sizeBytes: descriptor.sizeBytes, compression: undefined });
	}
	const { compressedDigest, compressedSizeBytes } = layer;
	if (
		compressedDigest !== undefined &&
		compressedSizeBytes !== undefined &&
		compressedDigest !== descriptor.digest &&
		compressedDigest !== layer.diffDigest &&
		asked(layer.compression) &&
		layerMediaType(format, layer.compression) !== undefined
	) {
		blobs.push({
			digest: compressedDigest,
			sizeBytes: compressedSizeBytes,
			compression: layer.compression,
		});
	}
	return blobs;
}

/** A neighbour that will not give is no reason to fail: the bytes are here. */
async function tryMount(
	digest: Digest,
	neighbour: string,
	{ repository, log }: PushLayerTools,
	signal: AbortSignal | undefined,
): Promise<boolean> {
	try {
		return await repository.mountBlob(digest, neighbour, { signal });
	} catch (error) {
		signal?.throwIfAborted();
		if (!(error instanceof RegistryError)) throw error;
		log.note(`${repository.host}: no mount from ${neighbour}: ${errorMessage(error)}`);
		return false;
	}
}
