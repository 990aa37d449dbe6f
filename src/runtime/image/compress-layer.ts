/** A layer's tar on its way out: read through tar-split, compressed off the main thread, hashed on both sides. */
import { createHash } from 'node:crypto';
import { addAbortSignal, type Duplex, pipeline, type Readable, Transform } from 'node:stream';
import { constants, createGzip, createZstdCompress } from 'node:zlib';
import { FailedPreconditionError } from '../../cri/errors.ts';
import type { Digest, Store, StoredLayer, WaitOptions } from '../storage/model.ts';

/** How a layer is compressed for the way. */
export type WireCompression = 'none' | 'gzip' | 'zstd';

/** A stream that knows, once it has been read to its end, what it was. */
export type LayerStream = {
	readonly body: Readable;
	readonly digest: () => Digest;
	readonly sizeBytes: () => number;
};

// Halfway between fast and small: from 5 to 6 zlib takes a third longer for a hundredth less.
const gzipLevel = 5;
const zstdLevel = 3;
const bufferBytes = 128 * 1024;

/**
 * Opens a layer of the store for reading in another compression. The tar is compared with the layer's diffId: an error of
 * the stream says that the layer is damaged.
 */
export async function openCompressedLayer(
	layer: StoredLayer,
	compression: WireCompression,
	store: Store,
	{ signal }: WaitOptions = {},
): Promise<LayerStream> {
	const tar = await store.openLayerTar(layer.id, { signal });
	const unpacked = createMeter((digest) =>
		digest === layer.diffDigest
			? undefined
			: new FailedPreconditionError(
					`layer ${layer.id} in the store is damaged: it reads as ${digest} instead of ${layer.diffDigest}; remove its images and pull them anew`,
				),
	);
	if (compression === 'none') {
		run([tar, unpacked.stream], signal);
		return { body: unpacked.stream, digest: unpacked.digest, sizeBytes: unpacked.sizeBytes };
	}
	const packed = createMeter(() => undefined);
	const compressor =
		compression === 'gzip'
			? createGzip({ level: gzipLevel, chunkSize: bufferBytes })
			: createZstdCompress({
					chunkSize: bufferBytes,
					params: { [constants.ZSTD_c_compressionLevel]: zstdLevel, [constants.ZSTD_c_checksumFlag]: 1 },
				});
	run([tar, unpacked.stream, compressor, packed.stream], signal);
	return { body: packed.stream, digest: packed.digest, sizeBytes: packed.sizeBytes };
}

/** Lets the stages run; a failure of any destroys all, and so reaches whoever reads the last one. */
function run(stages: readonly (Readable | Duplex)[], signal: AbortSignal | undefined): void {
	const [first] = stages;
	if (signal && first) addAbortSignal(signal, first);
	pipeline(stages, () => undefined);
}

/** Passes bytes on, and counts and hashes them; at the end it may refuse them. */
function createMeter(verdict: (digest: Digest) => Error | undefined) {
	const hash = createHash('sha256');
	let sizeBytes = 0;
	let digest: Digest | undefined;
	const stream = new Transform({
		highWaterMark: bufferBytes,
		transform(chunk: Buffer, _encoding, done) {
			sizeBytes += chunk.length;
			hash.update(chunk);
			done(null, chunk);
		},
		flush(done) {
			digest = `sha256:${hash.digest('hex')}`;
			done(verdict(digest) ?? null);
		},
	});
	return {
		stream,
		sizeBytes: () => sizeBytes,
		digest: () => {
			if (digest === undefined) throw new Error('the layer has not been read to its end');
			return digest;
		},
	};
}
