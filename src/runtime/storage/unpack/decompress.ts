import { createGunzip, createZstdDecompress, gunzipSync } from 'node:zlib';
import type { GrowingFileReader } from '../growing-file.ts';
import type { Compression, WaitOptions } from '../model.ts';
import { TarFormatError } from '../tar/tar-error.ts';

/** Large enough that a trip to the thread pool costs nothing beside the work, small enough for two layers at a time. */
const inputBytes = 256 * 1024;
const outputBytes = 512 * 1024;

const magics: readonly (readonly [Compression, readonly number[]])[] = [
	['gzip', [0x1f, 0x8b, 0x08]],
	['zstd', [0x28, 0xb5, 0x2f, 0xfd]],
	['bzip2', [0x42, 0x5a, 0x68]],
	['xz', [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]],
];

/** How a blob is compressed, by its first bytes. Source: RFC 1952, RFC 8878, the formats' own pages for the others. */
export function compressionOf(start: Buffer): Compression {
	for (const [compression, magic] of magics) {
		if (magic.every((byte, index) => start[index] === byte)) return compression;
	}
	// A zstd file may begin with a frame to be skipped: its magic has sixteen values.
	if (start.length >= 4 && (start.readUInt32LE(0) & 0xfffffff0) >>> 0 === 0x184d2a50) return 'zstd';
	return 'none';
}

/** A blob's content, uncompressed. */
export type Uncompressed = {
	readonly compression: Compression;
	/**
	 * A chunk is there until the next one is asked for, when its memory goes; an iteration throws TarFormatError where the blob
	 * is cut off or goes on after its end.
	 */
	readonly chunks: AsyncIterable<Buffer> | Iterable<Buffer>;
};

/**
 * Reads a blob and undoes its compression on Node's thread pool, one chunk ahead of who consumes it. Several gzip members or
 * zstd frames after each other are one stream.
 * @throws TarFormatError for a compression that is not known here; what the reader throws
 */
export async function uncompress(blob: GrowingFileReader, options: WaitOptions): Promise<Uncompressed> {
	const start = Buffer.allocUnsafeSlow(inputBytes);
	let length = 0;
	// Enough for the longest magic; a whole blob may be shorter.
	while (length < 8) {
		const count = await blob.read(start.subarray(length), options);
		if (count === 0) break;
		length += count;
	}
	const first = start.subarray(0, length);
	const compression = compressionOf(first);
	switch (compression) {
		case 'none':
			return { compression, chunks: plainChunks(first, blob, options) };
		case 'gzip':
		case 'zstd':
			return { compression, chunks: inflatedChunks(first, blob, compression, options) };
		case 'bzip2':
		case 'xz':
			throw new TarFormatError(`its compression ${compression} is not supported, only gzip and zstd are`);
	}
}

/** More than this is not held in memory at once. */
const atOnceBytes = 4 * 2 ** 20;

/**
 * The whole content of a small blob: no stream, no other thread, which take longer than the work on so little.
 * @returns undefined for what is too large once uncompressed, or compressed in another way: `uncompress` takes that
 * @throws TarFormatError where the blob is damaged, cut off or goes on after its end
 */
export function uncompressAtOnce(blob: Buffer): Uncompressed | undefined {
	const compression = compressionOf(blob);
	if (compression === 'none') return { compression, chunks: blob.length === 0 ? [] : [blob] };
	if (compression !== 'gzip') return undefined;
	// The last four bytes give the size, where they can be trusted; one byte more spares a second look for the end.
	const claimedBytes = blob.length < 18 ? 0 : blob.readUInt32LE(blob.length - 4);
	const chunkSize = Math.min(Math.max(claimedBytes + 1, 128 * 1024), atOnceBytes);
	try {
		const { buffer, engine } = gunzipSync(blob, {
			chunkSize,
			maxOutputLength: atOnceBytes,
			info: true,
		}) as unknown as { readonly buffer: Buffer; readonly engine: { readonly bytesWritten: number } };
		if (engine.bytesWritten !== blob.length) throw goesOn(compression);
		return { compression, chunks: onlyChunk(buffer, chunkSize) };
	} catch (error) {
		if (error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE') return undefined;
		throw inflateFailure(error, compression);
	}
}

function* onlyChunk(chunk: Buffer, memoryBytes: number): Generator<Buffer> {
	if (chunk.length > 0) yield chunk;
	// As below: it need not wait for the collector. Several pieces are put together in other memory.
	if (isWholeOf(chunk.buffer, memoryBytes)) chunk.buffer.transfer(0);
}

function isWholeOf(memory: ArrayBufferLike, memoryBytes: number): memory is ArrayBuffer {
	return memory instanceof ArrayBuffer && memory.byteLength === memoryBytes;
}

function goesOn(compression: Compression): TarFormatError {
	return new TarFormatError(`its blob goes on after the end of its ${compression} data`);
}

async function* plainChunks(
	first: Buffer,
	blob: GrowingFileReader,
	options: WaitOptions,
): AsyncGenerator<Buffer> {
	if (first.length > 0) yield first;
	const chunk = Buffer.allocUnsafeSlow(outputBytes);
	for (;;) {
		const length = await blob.read(chunk, options);
		if (length === 0) return;
		yield chunk.subarray(0, length);
	}
}

async function* inflatedChunks(
	first: Buffer,
	blob: GrowingFileReader,
	compression: 'gzip' | 'zstd',
	options: WaitOptions,
): AsyncGenerator<Buffer> {
	const sizes = { chunkSize: outputBytes, readableHighWaterMark: outputBytes };
	const stream = compression === 'gzip' ? createGunzip(sizes) : createZstdDecompress(sizes);
	const inflated = queueOf(stream);
	const fed = feed(stream, first, blob, options);
	try {
		for (;;) {
			const chunk = await inflated.next();
			if (chunk === undefined) break;
			yield chunk;
			// Left to the collector tens of megabytes of them would wait for it, and to send it after them costs more than it is worth.
			if (isLastOfItsMemory(chunk)) chunk.buffer.transfer(0);
		}
	} catch (error) {
		// What the reader of the blob threw comes through the stream as it is.
		throw inflateFailure(error, compression);
	} finally {
		stream.destroy();
	}
	await fed;
	// The decoder stops at what is not of its format. Go's, by which Podman reads, refuses that too.
	if (stream.bytesWritten !== blob.position || (await blob.read(Buffer.alloc(1), options)) > 0)
		throw goesOn(compression);
}

type Decoder = ReturnType<typeof createGunzip> | ReturnType<typeof createZstdDecompress>;

/** The decoder fills its memory from the front, in one chunk or several, and takes new memory when it is full. */
function isLastOfItsMemory(chunk: Buffer): chunk is Buffer<ArrayBuffer> {
	return chunk.buffer.byteLength === outputBytes && chunk.byteOffset + chunk.length === outputBytes;
}

/** Chunks as the decoder made them: to iterate over a stream would put those together, in a copy, that wait for their reader. */
function queueOf(stream: Decoder): { next(): Promise<Buffer | undefined> } {
	const queue: Buffer[] = [];
	let failure: { readonly error: unknown } | undefined;
	let over = false;
	let wake: (() => void) | undefined;
	const stir = () => wake?.();
	stream.on('data', (chunk: Buffer) => {
		queue.push(chunk);
		// One that is worked on, one that waits, one that is being made.
		stream.pause();
		stir();
	});
	stream.once('error', (error: unknown) => {
		failure = { error };
		stir();
	});
	stream.once('close', () => {
		over = true;
		stir();
	});
	return {
		async next() {
			for (;;) {
				const chunk = queue.shift();
				if (chunk !== undefined) {
					stream.resume();
					return chunk;
				}
				if (failure !== undefined) throw failure.error;
				if (over) return undefined;
				const { promise, resolve } = Promise.withResolvers<void>();
				wake = resolve;
				await promise;
			}
		},
	};
}

async function feed(
	stream: Decoder,
	first: Buffer,
	blob: GrowingFileReader,
	options: WaitOptions,
): Promise<void> {
	const { promise: closed, resolve: onClose } = Promise.withResolvers<void>();
	stream.once('close', onClose);
	try {
		const buffer = Buffer.allocUnsafeSlow(inputBytes);
		let chunk = first;
		while (chunk.length > 0) {
			if (stream.destroyed) return;
			const { promise: taken, resolve: onTaken } = Promise.withResolvers<unknown>();
			stream.write(chunk, onTaken);
			// Only then is the buffer free again.
			await Promise.race([taken, closed]);
			if (stream.destroyed) return;
			chunk = buffer.subarray(0, await blob.read(buffer, options));
		}
		stream.end();
	} catch (error) {
		stream.destroy(error instanceof Error ? error : new Error(String(error)));
	}
}

function inflateFailure(error: unknown, compression: string): unknown {
	const code = error instanceof Error && 'code' in error ? error.code : undefined;
	if (code === 'Z_BUF_ERROR') return new TarFormatError(`its ${compression} data ends too early`);
	if (typeof code === 'string' && /^(Z_|ZSTD_)/.test(code))
		return new TarFormatError(`its ${compression} data is damaged (${(error as Error).message})`);
	return error;
}
