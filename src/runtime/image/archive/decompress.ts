/** What an archive is compressed with, found out by its first bytes. */
import { Readable } from 'node:stream';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { errorMessage, InvalidArgumentError } from '../../../cri/errors.ts';

const magics: readonly { readonly name: string; readonly bytes: readonly number[] }[] = [
	{ name: 'gzip', bytes: [0x1f, 0x8b] },
	{ name: 'zstd', bytes: [0x28, 0xb5, 0x2f, 0xfd] },
	{ name: 'bzip2', bytes: [0x42, 0x5a, 0x68] },
	{ name: 'xz', bytes: [0xfd, 0x37, 0x7a, 0x58, 0x5a] },
];

/**
 * The archive uncompressed. An error of the source comes out of the answer; whoever destroys the answer ends the source.
 * @throws InvalidArgumentError for bzip2, xz and an empty archive; whatever the source throws
 */
export async function decompressArchive(archive: AsyncIterable<Uint8Array>): Promise<Readable> {
	const chunks = archive[Symbol.asyncIterator]();
	let head = Buffer.alloc(0);
	while (head.length < 6) {
		const next = await chunks.next();
		if (next.done === true) break;
		head = Buffer.concat([head, next.value]);
	}
	if (head.length === 0) throw new InvalidArgumentError('the archive is empty');
	const magic = magics.find(({ bytes }) => bytes.every((byte, index) => head[index] === byte));
	const source = Readable.from(withHead(head, chunks), { objectMode: false, highWaterMark: 256 * 1024 });
	if (magic === undefined) return source;
	if (magic.name !== 'gzip' && magic.name !== 'zstd') {
		await chunks.return?.();
		throw new InvalidArgumentError(`the archive is compressed with ${magic.name}; unpack it first`);
	}
	const options = { chunkSize: 256 * 1024 };
	const unpacked = magic.name === 'gzip' ? createGunzip(options) : createZstdDecompress(options);
	source.on('error', (error) => unpacked.destroy(error));
	// An archive that is cut off or damaged speaks through the decompressor first.
	const readable = source.pipe(unpacked);
	readable.on('close', () => source.destroy());
	return Readable.from(explained(readable, magic.name), { objectMode: false, highWaterMark: 256 * 1024 });
}

async function* withHead(head: Buffer, chunks: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
	try {
		yield head;
		while (true) {
			const next = await chunks.next();
			if (next.done === true) return;
			yield next.value;
		}
	} finally {
		await chunks.return?.();
	}
}

async function* explained(readable: Readable, name: string): AsyncGenerator<Uint8Array> {
	try {
		yield* readable;
	} catch (error) {
		const code = (error as NodeJS.ErrnoException).code ?? '';
		if (!/^(?:Z_|ZSTD_|ERR_ZLIB)/.test(code)) throw error;
		throw new InvalidArgumentError(`the archive's ${name} is damaged: ${errorMessage(error)}`, {
			cause: error,
		});
	}
}
