import { createHash } from 'node:crypto';
import { closeSync, constants, openSync } from 'node:fs';
import { ResourceExhaustedError } from '../../../cri/errors.ts';
import type { Sys } from '../../sys/sys.ts';
import { bytesReader, growingFileReader } from '../growing-file.ts';
import type { Digest, UnpackedLayer } from '../model.ts';
import { byteStringOf } from '../tar/byte-string.ts';
import { TarFormatError } from '../tar/tar-error.ts';
import { TarParser } from '../tar/tar-parser.ts';
import { TarSplitWriter } from '../tar/tar-split-writer.ts';
import type { BlobInMemory, GrowingFile, LayerLimits } from '../unpacker.ts';
import { type Uncompressed, uncompress, uncompressAtOnce } from './decompress.ts';
import type { LayerPlace } from './layer-place.ts';
import { LayerSink } from './layer-sink.ts';
import { LayerWriter } from './layer-writer.ts';
import { errorOfFailure, unpackFailure } from './unpack-error.ts';

/** A layer to unpack, in words that can be sent to another thread. */
export type UnpackJob = {
	readonly blob: GrowingFile | BlobInMemory;
	readonly diffDir: string;
	readonly tarSplitPath: string;
	readonly driver: 'overlay' | 'vfs';
	readonly devicesAllowed: boolean;
	readonly diffId: Digest | undefined;
	readonly name: string;
	readonly limits: LayerLimits;
};

/** What the job finds around itself. */
export type UnpackSurroundings = {
	readonly sys: Sys;
	readonly umask: number;
	readonly signal: AbortSignal;
	/** True as soon as the job is to end, also while this thread has no time to hear of it otherwise. */
	readonly cancelled: () => boolean;
	readonly onProgress: (unpackedBytes: number) => void;
};

/**
 * Unpacks one layer in one pass: reads the blob as it grows, undoes its compression, hashes, writes files and tar-split. Runs
 * in a worker, for it makes its system calls synchronously: that is what 15,000 small files are fast with.
 * @throws CriError with the whole sentence; the signal's reason
 */
export async function unpackLayer(job: UnpackJob, surroundings: UnpackSurroundings): Promise<UnpackedLayer> {
	const { cancelled } = surroundings;
	const checkCancelled = () => {
		if (cancelled()) throw new DOMException('The unpacking was cancelled', 'AbortError');
	};
	let sink: LayerSink | undefined;
	await using cleanup = new AsyncDisposableStack();
	try {
		const tarSplit = cleanup.use(new TarSplitWriter(job.tarSplitPath));
		const writer = cleanup.use(new LayerWriter(placeOf(job, surroundings)));
		sink = new LayerSink(writer, tarSplit, job.limits, checkCancelled);
		const parser = new TarParser(sink);
		const hash = createHash('sha256');
		let diffSizeBytes = 0;

		const { compression, chunks } = await open(job.blob, cleanup, surroundings.signal);
		for await (const chunk of chunks) {
			checkCancelled();
			diffSizeBytes += chunk.length;
			if (diffSizeBytes > job.limits.maxUnpackedBytes) {
				const limit = `the limit of ${job.limits.maxUnpackedBytes} bytes`;
				throw new ResourceExhaustedError(`the layer is larger than ${limit} once it is unpacked`);
			}
			hash.update(chunk);
			parser.push(chunk);
			sink.release();
			await tarSplit.drain();
			surroundings.onProgress(diffSizeBytes);
		}
		parser.finish();
		const diffDigest = `sha256:${hash.digest('hex')}`;
		if (job.diffId !== undefined && job.diffId !== diffDigest)
			throw new TarFormatError(`its content hashes to ${diffDigest}, not to its diffId ${job.diffId}`);
		writer.finish();
		await tarSplit.finish();
		return {
			diffDigest,
			diffSizeBytes,
			compression,
			uids: sorted(sink.uids),
			gids: sorted(sink.gids),
			rootEntrySeen: writer.rootEntrySeen,
			entries: sink.entries,
		};
	} catch (error) {
		surroundings.signal.throwIfAborted();
		checkCancelled();
		throw errorOfFailure(unpackFailure(job.name, sink?.entryName, error));
	}
}

/** What is small comes whole and in one chunk; what is not, while its file grows. */
async function open(
	blob: UnpackJob['blob'],
	cleanup: AsyncDisposableStack,
	jobSignal: AbortSignal,
): Promise<Uncompressed> {
	if ('bytes' in blob) {
		const bytes = Buffer.from(blob.bytes.buffer, blob.bytes.byteOffset, blob.bytes.length);
		return uncompressAtOnce(bytes) ?? (await uncompress(bytesReader(bytes), { signal: jobSignal }));
	}
	const over = new AbortController();
	const signal = AbortSignal.any([jobSignal, over.signal]);
	const descriptor = openSync(blob.path, constants.O_RDONLY);
	cleanup.defer(() => {
		// Ends whoever still waits for the blob, before its descriptor's number means another file.
		over.abort();
		closeSync(descriptor);
	});
	return await uncompress(growingFileReader(blob, descriptor), { signal });
}

function placeOf(job: UnpackJob, surroundings: UnpackSurroundings): LayerPlace {
	return {
		root: byteStringOf(job.diffDir).replace(/\/+$/, ''),
		driver: job.driver,
		devicesAllowed: job.devicesAllowed,
		umask: surroundings.umask,
		// Most layers need nothing of it, and it takes its time to load.
		get sys() {
			return surroundings.sys;
		},
	};
}

function sorted(numbers: ReadonlySet<number>): number[] {
	return [...numbers].sort((a, b) => a - b);
}
