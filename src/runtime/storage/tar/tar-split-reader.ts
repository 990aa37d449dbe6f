import { closeSync, fstatSync, read, readSync } from 'node:fs';
import { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { FailedPreconditionError, isAbort } from '../../../cri/errors.ts';
import type { WaitOptions } from '../model.ts';
import { shownName } from './byte-string.ts';
import { Crc64, wordsOf } from './crc64.ts';
import { DiffFiles } from './diff-files.ts';
import { blockBytes } from './header-block.ts';
import { numericField } from './numbers.ts';
import { type TarSplitLine, tarSplitLines } from './tar-split-lines.ts';

const readAsync = promisify(read);
/** Chunks come out in about this size. */
const chunkBytes = 256 * 1024;
/** A file up to this is read at once: a trip to the thread pool costs more than its bytes, which mostly are in memory. */
const smallBytes = 64 * 1024;

type FileLine = Extract<TarSplitLine, { kind: 'file' }>;

/**
 * Puts the tar of a layer together again, byte by byte as it was: segments from its tar-split file, contents from `diffDir`.
 * Each content is held against its recorded size and sum while it is read. The stream reads no further than its consumer.
 * Its error is a FailedPreconditionError naming what is damaged, or the signal's AbortError.
 */
export function openTarSplit(tarSplitPath: string, diffDir: string, options: WaitOptions = {}): Readable {
	return Readable.from(tarChunks(tarSplitPath, diffDir, options), {
		objectMode: false,
		highWaterMark: chunkBytes,
	});
}

async function* tarChunks(
	tarSplitPath: string,
	diffDir: string,
	options: WaitOptions,
): AsyncGenerator<Buffer> {
	const files = new DiffFiles(diffDir);
	const batch = new Batch();
	let before: Buffer = Buffer.alloc(0);
	try {
		for await (const line of tarSplitLines(tarSplitPath, options)) {
			options.signal?.throwIfAborted();
			if (line.kind === 'segment') {
				batch.add(line.payload);
				before = line.payload;
			} else if (line.sizeBytes > 0) {
				if (lacksHoles(before, line)) {
					throw damaged(
						line,
						'the program that unpacked it did not write down where its holes are; ' +
							'remove its images and pull them anew with criscope',
					);
				}
				yield* fileChunks(line, files, batch);
			}
			if (batch.full) yield batch.take();
		}
	} catch (error) {
		options.signal?.throwIfAborted();
		if (error instanceof FailedPreconditionError || isAbort(error)) throw error;
		const cause = error instanceof Error ? error.message : String(error);
		throw new FailedPreconditionError(`cannot read tar-split "${tarSplitPath}": ${cause}`, { cause: error });
	}
	if (!batch.empty) yield batch.take();
}

/**
 * True for a sparse file of PAX as Podman records it: by the size and sum of the whole, without the map that stood before its
 * pieces, so that Podman cannot save it either. Source: tar-split, tar/asm/disassemble.go
 */
function lacksHoles(before: Buffer, line: FileLine): boolean {
	const sparse = before.lastIndexOf('GNU.sparse.');
	if (sparse < 0 || before.length < blockBytes) return false;
	const storedBytes = numericField(before, before.length - blockBytes + 124, 12);
	// A sparse file of ours stands as it is in such a segment, before another one's header, which may leave the size to PAX.
	return storedBytes !== line.sizeBytes && !before.includes(' size=', sparse);
}

async function* fileChunks(line: FileLine, files: DiffFiles, batch: Batch): AsyncGenerator<Buffer> {
	const descriptor = opened(line, files);
	try {
		const stat = fstatSync(descriptor);
		if (!stat.isFile()) throw damaged(line, 'it is not a regular file any more');
		if (stat.size !== line.sizeBytes)
			throw damaged(line, `it has ${stat.size} bytes, and had ${line.sizeBytes} when the layer was made`);
		const crc = new Crc64();
		for (let position = 0; position < line.sizeBytes; ) {
			const wanted = Math.min(line.sizeBytes - position, chunkBytes);
			const chunk = Buffer.allocUnsafeSlow(wanted);
			const count =
				wanted <= smallBytes
					? readSync(descriptor, chunk, 0, wanted, position)
					: (await readAsync(descriptor, chunk, 0, wanted, position)).bytesRead;
			if (count === 0) throw damaged(line, 'it became shorter while it was read');
			const content = chunk.subarray(0, count);
			const { bytes, words } = wordsOf(content);
			crc.update(bytes, words, 0, count);
			position += count;
			// The sum is known only at the end: the last bytes of a damaged file are never handed out.
			if (position === line.sizeBytes && !crc.digest().equals(line.crc))
				throw damaged(line, 'its content is not what it was when the layer was made');
			batch.add(content);
			if (batch.full) yield batch.take();
		}
	} finally {
		closeSync(descriptor);
	}
}

function opened(line: FileLine, files: DiffFiles): number {
	try {
		return files.open(line.name);
	} catch (error) {
		throw damaged(line, error instanceof Error ? error.message : String(error), error);
	}
}

function damaged(line: FileLine, cause: string, error?: unknown): FailedPreconditionError {
	return new FailedPreconditionError(`cannot read layer file "${shownName(line.name)}": ${cause}`, {
		cause: error,
	});
}

/** Small pieces on their way to one chunk. */
class Batch {
	#parts: Buffer[] = [];
	#bytes = 0;

	get full(): boolean {
		return this.#bytes >= chunkBytes;
	}

	get empty(): boolean {
		return this.#bytes === 0;
	}

	add(part: Buffer): void {
		if (part.length === 0) return;
		this.#parts.push(part);
		this.#bytes += part.length;
	}

	take(): Buffer {
		const chunk = this.#parts.length === 1 ? this.#parts[0]! : Buffer.concat(this.#parts, this.#bytes);
		this.#parts = [];
		this.#bytes = 0;
		return chunk;
	}
}
