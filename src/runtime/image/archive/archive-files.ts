/**
 * The files of an archive that comes as a stream: small ones in memory, the others each in a file of its own on the store's
 * filesystem, ready to be unpacked.
 */
import { createHash } from 'node:crypto';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { extract } from 'tar-stream';
import { errorMessage, InvalidArgumentError, ResourceExhaustedError } from '../../../cri/errors.ts';
import type { Digest, Store, WaitOptions } from '../../storage/model.ts';
import type { GrowingFile } from '../../storage/unpacker.ts';
import { maxManifestBytes } from '../manifest.ts';
import { createStagedBlob, type StagedBlob } from '../staged-blob.ts';
import type { ArchiveLimits } from '../transfer-tools.ts';

/** A regular file of an archive. */
export type ArchiveFile = {
	readonly name: string;
	readonly sizeBytes: number;
	readonly digest: Digest;
	/** The whole of it. @throws InvalidArgumentError above 4 MiB */
	read(): Promise<Buffer>;
	/** As a file that is complete. */
	file(): Promise<GrowingFile>;
};

/** The archive's files by name. Disposing of it removes them. */
export type ArchiveFiles = AsyncDisposable & {
	has(name: string): boolean;
	/** Follows links within the archive. @throws InvalidArgumentError naming what is missing */
	get(name: string): ArchiveFile;
};

const maxBytesInMemory = 16 * 2 ** 20;
const maxLinkDepth = 8;
const batchBytes = 256 * 1024;

/**
 * Reads a tar to its end.
 * @throws InvalidArgumentError naming the entry that is wrong; ResourceExhaustedError above the limits; errors of the disk
 */
export async function readArchiveFiles(
	tar: Readable,
	store: Pick<Store, 'stagingPath'>,
	limits: ArchiveLimits,
	{ signal }: WaitOptions = {},
): Promise<ArchiveFiles> {
	await using undo = new AsyncDisposableStack();
	// Its own stack: small files are written out only when they are asked for.
	const blobs = undo.use(new AsyncDisposableStack());
	const files = new Map<string, ArchiveFile>();
	const links = new Map<string, string>();
	const reader = extract();
	// The iteration below throws it; this one keeps a late one from ending the process.
	reader.on('error', () => undefined);
	undo.defer(async () => {
		tar.destroy();
		reader.destroy();
		await finished(tar).catch(() => undefined);
	});
	let sourceError: Error | undefined;
	tar.on('error', (error) => {
		sourceError = error;
		reader.destroy(error);
	});
	tar.pipe(reader);
	let inMemory = 0;
	let totalBytes = 0;
	let entries = 0;
	const onAbort = () => reader.destroy(signal?.reason);
	signal?.addEventListener('abort', onAbort, { once: true });
	undo.defer(() => signal?.removeEventListener('abort', onAbort));

	try {
		for await (const entry of reader) {
			signal?.throwIfAborted();
			const { header } = entry;
			entries += 1;
			totalBytes += header.size ?? 0;
			if (entries > limits.maxEntries) {
				throw new ResourceExhaustedError(`the archive has more than ${limits.maxEntries} entries`);
			}
			if (totalBytes > limits.maxBytes) {
				throw new ResourceExhaustedError(`the archive has more than ${limits.maxBytes} bytes`);
			}
			const name = cleanName(header.name);
			if (header.type === 'symlink' || header.type === 'link') {
				const base = header.type === 'link' ? '' : path.posix.dirname(name);
				links.set(name, cleanName(path.posix.join(base, header.linkname ?? ''), header.name));
				entry.resume();
				continue;
			}
			if (header.type !== 'file' && header.type !== 'contiguous-file') {
				entry.resume();
				continue;
			}
			const sizeBytes = header.size ?? 0;
			const small = sizeBytes <= maxManifestBytes && inMemory + sizeBytes <= maxBytesInMemory;
			if (small) inMemory += sizeBytes;
			const content = entry as AsyncIterable<Buffer>;
			const file = small
				? await inMemoryFile(content, name, store, blobs)
				: await onDiskFile(content, name, store, blobs);
			checkFile(file, files.get(name));
			files.set(name, file);
		}
	} catch (error) {
		signal?.throwIfAborted();
		// The tar reader has but one word for whatever ended it.
		throw sourceError ?? readerError(error);
	}
	const kept = undo.move();
	return {
		has: (name) => files.has(name) || links.has(name),
		get(name) {
			let target = cleanName(name);
			for (let depth = 0; depth < maxLinkDepth; depth += 1) {
				const file = files.get(target);
				if (file !== undefined) return file;
				const next = links.get(target);
				if (next === undefined) break;
				target = next;
			}
			throw new InvalidArgumentError(`the archive has no "${name}"`);
		},
		[Symbol.asyncDispose]: () => kept.disposeAsync(),
	};
}

/** The name within the archive: relative, without dots. @throws InvalidArgumentError where it leads out */
function cleanName(name: string, shown = name): string {
	const clean = path.posix.normalize(name).replace(/\/+$/, '');
	if (clean.startsWith('/') || clean === '..' || clean.startsWith('../') || name.includes('\0')) {
		throw new InvalidArgumentError(`the archive's entry "${shown}" leads out of it`);
	}
	return clean;
}

/** A blob must be what its name says, and a name must not mean two things. */
function checkFile(file: ArchiveFile, before: ArchiveFile | undefined): void {
	const named = /^blobs\/sha256\/([0-9a-f]{64})$/.exec(file.name)?.[1];
	if (named !== undefined && file.digest !== `sha256:${named}`) {
		throw new InvalidArgumentError(`the archive's entry "${file.name}" has the digest ${file.digest}`);
	}
	if (before !== undefined && before.digest !== file.digest) {
		throw new InvalidArgumentError(`the archive has two different entries "${file.name}"`);
	}
}

async function inMemoryFile(
	entry: AsyncIterable<Buffer>,
	name: string,
	store: Pick<Store, 'stagingPath'>,
	blobs: AsyncDisposableStack,
): Promise<ArchiveFile> {
	const chunks: Buffer[] = [];
	for await (const chunk of entry) chunks.push(chunk);
	const bytes = Buffer.concat(chunks);
	const digest: Digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
	let written: Promise<StagedBlob> | undefined;
	const write = async () => {
		const writer = blobs.use(await createStagedBlob(store, 'archive'));
		await writer.write(bytes);
		await writer.finish();
		return writer;
	};
	return {
		name,
		sizeBytes: bytes.length,
		digest,
		read: async () => bytes,
		async file() {
			written ??= write();
			return (await written).file;
		},
	};
}

async function onDiskFile(
	entry: AsyncIterable<Buffer>,
	name: string,
	store: Pick<Store, 'stagingPath'>,
	blobs: AsyncDisposableStack,
): Promise<ArchiveFile> {
	const writer = blobs.use(await createStagedBlob(store, 'archive'));
	const hash = createHash('sha256');
	let sizeBytes = 0;
	const buffer = Buffer.allocUnsafe(batchBytes);
	let filled = 0;
	const flush = async () => {
		await writer.write(buffer.subarray(0, filled));
		filled = 0;
	};
	for await (const chunk of entry) {
		hash.update(chunk);
		sizeBytes += chunk.length;
		if (filled + chunk.length > buffer.length) await flush();
		if (chunk.length >= buffer.length) await writer.write(chunk);
		else filled += chunk.copy(buffer, filled);
	}
	await flush();
	await writer.finish();
	return {
		name,
		sizeBytes,
		digest: `sha256:${hash.digest('hex')}`,
		read: async () => {
			throw new InvalidArgumentError(
				`the archive's entry "${name}" has ${sizeBytes} bytes, more than ${maxManifestBytes}`,
			);
		},
		file: async () => writer.file,
	};
}

/** Errors of the tar reader say what is wrong with the archive; those of the disk stay what they are. */
function readerError(error: unknown): unknown {
	if (error instanceof Error && (error.name !== 'Error' || 'errno' in error)) return error;
	if (/unexpected end/i.test(errorMessage(error))) {
		return new InvalidArgumentError('the archive is cut off', { cause: error });
	}
	// The tar reader's own words are guesses about compression, which has been looked at already.
	const reason = errorMessage(error).replace(/\. Maybe .*$/, '');
	return new InvalidArgumentError(`the archive is no tar that can be read: ${reason}`, { cause: error });
}
