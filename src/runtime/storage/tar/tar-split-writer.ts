import { closeSync, constants, openSync, writeSync } from 'node:fs';
import { finished } from 'node:stream/promises';
import { createGzip, type Gzip, gzipSync } from 'node:zlib';
import type { ByteString } from './byte-string.ts';
import { fileLine, segmentLine } from './tar-split-line.ts';

/** Lines are handed to the compressor in pieces of about this size. */
const batchBytes = 128 * 1024;
/** Of the compression, as Podman's. */
const level = 1;
/** A longer run of raw bytes becomes several segments, so that no reader needs much memory for one. */
const maxSegmentBytes = 1 << 20;

/**
 * Writes the file by which a layer's tar can be put together again from its unpacked files: what is no content of a file,
 * and where contents stand. Compression runs on Node's thread pool, at the level Podman uses; what fits into one piece is
 * compressed at once, which takes less than the way there.
 */
export class TarSplitWriter implements AsyncDisposable {
	readonly #descriptor: number;
	#gzip: Gzip | undefined;
	#finished: Promise<void> | undefined;
	#failure: unknown;
	#position = 0;
	#lines = '';
	#parts: Buffer[] = [];
	#partBytes = 0;
	/** The last part, growing while bytes that follow each other in one chunk come in. */
	#chunk: Buffer | undefined;
	#start = 0;
	#end = 0;

	/** Creates the file. @throws Error of the system call */
	constructor(path: string) {
		const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | constants.O_NOFOLLOW;
		this.#descriptor = openSync(path, flags, 0o600);
	}

	#startGzip(): Gzip {
		const gzip = createGzip({ level, chunkSize: 64 * 1024 });
		gzip.on('data', (compressed: Buffer) => {
			try {
				writeAll(this.#descriptor, compressed);
			} catch (error) {
				gzip.destroy(error as Error);
			}
		});
		this.#finished = finished(gzip).catch((error: unknown) => {
			this.#failure = error;
		});
		return gzip;
	}

	/** Bytes of the tar that are no file's content. The chunk must stay as it is until `release`. */
	raw(chunk: Buffer, start: number, end: number): void {
		if (chunk === this.#chunk && start === this.#end) this.#end = end;
		else {
			this.#takeChunk();
			this.#chunk = chunk;
			this.#start = start;
			this.#end = end;
		}
		if (this.#partBytes + this.#end - this.#start >= maxSegmentBytes) this.endSegment();
	}

	/** Keeps what it needs of the last chunk: that one's memory may go. */
	release(): void {
		this.#takeChunk();
		this.#chunk = undefined;
	}

	/** What came by `raw` becomes a segment of its own. */
	endSegment(): void {
		const chunk = this.#chunk;
		let payload: string;
		if (this.#parts.length === 0) {
			if (chunk === undefined) return;
			payload = chunk.toString('base64', this.#start, this.#end);
		} else {
			this.#takeChunk();
			payload = Buffer.concat(this.#parts).toString('base64');
		}
		this.#chunk = undefined;
		this.#parts = [];
		this.#partBytes = 0;
		this.#line(segmentLine(payload, this.#position));
	}

	/** The content of a file stands here, or would if the entry had any. */
	file(name: ByteString, content: { readonly sizeBytes: number; readonly crc: Buffer } | undefined): void {
		this.#line(fileLine(name, content, this.#position));
	}

	/** Waits while the compressor is behind. @throws Error where the file cannot be written */
	async drain(): Promise<void> {
		if (this.#failure !== undefined) throw this.#failure;
		if (this.#gzip?.writableNeedDrain !== true) return;
		const { promise, resolve } = Promise.withResolvers<void>();
		this.#gzip.once('drain', resolve);
		await Promise.race([promise, this.#finished]);
		if (this.#failure !== undefined) throw this.#failure;
	}

	/** Writes the rest. @throws Error where the file cannot be written */
	async finish(): Promise<void> {
		this.endSegment();
		if (this.#gzip === undefined) {
			writeAll(this.#descriptor, gzipSync(Buffer.from(this.#lines, 'latin1'), { level }));
			return;
		}
		this.#flush();
		this.#gzip.end();
		await this.#finished;
		if (this.#failure !== undefined) throw this.#failure;
	}

	async [Symbol.asyncDispose](): Promise<void> {
		this.#gzip?.destroy();
		await this.#finished;
		closeSync(this.#descriptor);
	}

	#takeChunk(): void {
		if (this.#chunk === undefined) return;
		// A copy: a few bytes must not keep a whole chunk.
		this.#parts.push(Buffer.from(this.#chunk.subarray(this.#start, this.#end)));
		this.#partBytes += this.#end - this.#start;
	}

	#line(line: ByteString): void {
		this.#position++;
		this.#lines += line;
		if (this.#lines.length >= batchBytes) this.#flush();
	}

	#flush(): void {
		if (this.#lines === '') return;
		this.#gzip ??= this.#startGzip();
		if (this.#gzip.destroyed) return;
		this.#gzip.write(Buffer.from(this.#lines, 'latin1'));
		this.#lines = '';
	}
}

function writeAll(descriptor: number, bytes: Buffer): void {
	let at = 0;
	while (at < bytes.length) at += writeSync(descriptor, bytes, at);
}
