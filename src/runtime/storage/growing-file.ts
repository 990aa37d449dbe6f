/**
 * A file that the main thread downloads into while a worker already unpacks what is there. The shared memory holds
 *   int32 0   counter, raised at every change: what a waiting reader sleeps on
 *   int32 1   growing, finished or failed
 *   int64 1   bytes that are in the file
 */
import { constants, readSync, type Stats } from 'node:fs';
import { type FileHandle, lstat, open } from 'node:fs/promises';
import { ResourceExhaustedError, UnavailableError } from '../../cri/errors.ts';
import type { WaitOptions } from './model.ts';
import type { GrowingFile } from './unpacker.ts';

const growing = 0;
const finished = 1;
const failed = 2;
const sharedBytes = 16;

/** The writing side. Not for two callers at the same time. */
export type GrowingFileWriter = AsyncDisposable & {
	/** What the reader is given; may be sent to another thread. */
	readonly file: GrowingFile;
	readonly sizeBytes: number;
	/**
	 * Appends; awaiting it is the back-pressure. The reader may see the bytes before it resolves.
	 * @throws ResourceExhaustedError where the disk is full; Error of the system call
	 */
	write(chunk: Uint8Array): Promise<void>;
	/** No more will come; readers see the end. */
	finish(): Promise<void>;
	/** No more will come although more should: readers throw. Does nothing after finish. */
	fail(): void;
};

/**
 * Creates the file, which must not exist. Disposing of the writer closes it, and counts as fail where it did not finish, so no
 * reader waits for ever; the file stays.
 * @throws Error of the system call
 */
export async function createGrowingFile(path: string): Promise<GrowingFileWriter> {
	const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
	const handle: FileHandle = await open(path, flags, 0o600);
	const shared = new SharedArrayBuffer(sharedBytes);
	const state = new Int32Array(shared);
	const size = new BigInt64Array(shared);
	let sizeBytes = 0;
	let closed = false;

	const change = () => {
		Atomics.add(state, 0, 1);
		Atomics.notify(state, 0);
	};
	const end = (outcome: number) => {
		if (Atomics.compareExchange(state, 1, growing, outcome) === growing) change();
	};
	const close = async () => {
		if (closed) return;
		closed = true;
		await handle.close();
	};

	return {
		file: { path, shared },
		get sizeBytes() {
			return sizeBytes;
		},
		async write(chunk) {
			let at = 0;
			while (at < chunk.length) {
				try {
					const { bytesWritten } = await handle.write(chunk, at, chunk.length - at, sizeBytes);
					at += bytesWritten;
					sizeBytes += bytesWritten;
				} catch (error) {
					throw writeFailure(path, error);
				}
				Atomics.store(size, 1, BigInt(sizeBytes));
				change();
			}
		},
		async finish() {
			await close();
			end(finished);
		},
		fail: () => end(failed),
		async [Symbol.asyncDispose]() {
			end(failed);
			await close();
		},
	};
}

/** A file that is whole already, for who reads growing ones. @throws Error where it is not there or no regular file */
export async function wholeFile(path: string): Promise<GrowingFile> {
	const stat: Stats = await lstat(path);
	if (!stat.isFile()) throw new Error(`cannot read file "${path}": it is not a regular file`);
	const shared = new SharedArrayBuffer(sharedBytes);
	new BigInt64Array(shared)[1] = BigInt(stat.size);
	new Int32Array(shared)[1] = finished;
	return { path, shared };
}

/** The reading side, in any thread. */
export type GrowingFileReader = {
	/** Bytes read so far. */
	readonly position: number;
	/**
	 * Reads what is there, at most as much as the buffer holds; waits where nothing is.
	 * @returns bytes read, 0 at the end
	 * @throws UnavailableError where the writer gave up; the signal's reason
	 */
	read(buffer: Buffer, options?: WaitOptions): Promise<number>;
};

/** Reads a growing file from its start. @param descriptor of the file, opened by the caller, who closes it */
export function growingFileReader(file: GrowingFile, descriptor: number): GrowingFileReader {
	const state = new Int32Array(file.shared);
	const size = new BigInt64Array(file.shared);
	let position = 0;
	return {
		get position() {
			return position;
		},
		async read(buffer, { signal } = {}) {
			for (;;) {
				signal?.throwIfAborted();
				// First the counter: whatever changes after this line ends the wait at once.
				const counter = Atomics.load(state, 0);
				const outcome = Atomics.load(state, 1);
				const available = Number(Atomics.load(size, 1)) - position;
				if (available > 0) {
					const count = readSync(descriptor, buffer, 0, Math.min(available, buffer.length), position);
					if (count === 0) throw new Error(`cannot read file "${file.path}": it became shorter`);
					position += count;
					return count;
				}
				if (outcome === finished) return 0;
				if (outcome === failed)
					throw new UnavailableError(`cannot read file "${file.path}": it did not arrive whole`);
				await changed(state, counter, signal);
			}
		},
	};
}

/** Reads what is in memory. */
export function bytesReader(bytes: Buffer): GrowingFileReader {
	let position = 0;
	return {
		get position() {
			return position;
		},
		async read(buffer) {
			const count = bytes.copy(buffer, 0, position);
			position += count;
			return count;
		},
	};
}

/** Sleeps without holding up this thread's other work; the wait is left behind where the signal comes first. */
async function changed(state: Int32Array, counter: number, signal: AbortSignal | undefined): Promise<void> {
	const wait = Atomics.waitAsync(state, 0, counter);
	if (!wait.async) return;
	if (signal === undefined) {
		await wait.value;
		return;
	}
	const { promise, resolve } = Promise.withResolvers<void>();
	const onAbort = () => resolve();
	signal.addEventListener('abort', onAbort, { once: true });
	await Promise.race([wait.value, promise]);
	signal.removeEventListener('abort', onAbort);
}

function writeFailure(path: string, error: unknown): unknown {
	const code = error instanceof Error && 'code' in error ? error.code : undefined;
	if (code !== 'ENOSPC' && code !== 'EDQUOT') return error;
	return new ResourceExhaustedError(`cannot write file "${path}": the disk is full (${code})`, {
		cause: error,
	});
}
