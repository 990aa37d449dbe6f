import type { ByteSource } from './byte-source.ts';
import { describeFileProblem, type Segment } from './segment.ts';
import { openSharedFile, releaseFile, type SharedFile } from './shared-file.ts';
import { unpackToSpool } from './spool.ts';

/** A segment in use. Its bytes stay readable until it is released, whatever happens to the file. */
export type OpenSegment = {
	readonly source: ByteSource;
	/** Descriptor, for a worker thread of this process. */
	readonly fd: number;
	release(): Promise<void>;
};

/** Open files of the history, few at a time: recently used ones stay open. */
export type OpenFiles = AsyncDisposable & {
	/**
	 * Opens a segment for reading at any offset; a compressed one is unpacked to a spool first.
	 * undefined when it cannot be read: then the segment's `problem` says why.
	 * @throws the signal's reason only.
	 */
	open(segment: Segment, signal?: AbortSignal): Promise<OpenSegment | undefined>;
	/** Opens the file as it is on disk, for streaming; otherwise as `open`. */
	openPacked(segment: Segment): Promise<OpenSegment | undefined>;
	/** Closes what is kept of a segment that is no more. */
	forget(segment: Segment): Promise<void>;
};

const mostOpenFiles = 8;
const mostSpooledBytes = 512 * 1024 * 1024;

/** Makes the set; `onMoved` is asked to look for a file that is no longer where it was. */
export function createOpenFiles(spoolFolder: string | undefined, onMoved: () => Promise<unknown>): OpenFiles {
	// Least recently used first.
	const cache = new Map<Segment, { readonly file: Promise<SharedFile>; bytes: number }>();
	let disposed = false;

	async function evict(): Promise<void> {
		let spooled = 0;
		for (const entry of cache.values()) spooled += entry.bytes;
		for (const [segment, entry] of cache) {
			if (cache.size <= 1 || (cache.size <= mostOpenFiles && spooled <= mostSpooledBytes)) return;
			spooled -= entry.bytes;
			await forget(segment);
		}
	}

	async function forget(segment: Segment): Promise<void> {
		const entry = cache.get(segment);
		cache.delete(segment);
		const file = await entry?.file.catch(() => undefined);
		if (file !== undefined) await releaseFile(file);
	}

	async function load(segment: Segment): Promise<SharedFile> {
		if (!segment.file.compressed) return await openSame(segment);
		const spool = await unpackToSpool(segment.file.path, { folder: spoolFolder });
		segment.sizeBytes = spool.sizeBytes;
		segment.problem = spool.problem;
		return spool.file;
	}

	async function attempt(segment: Segment): Promise<SharedFile> {
		const known = cache.get(segment);
		if (known !== undefined) {
			cache.delete(segment);
			cache.set(segment, known);
			return await known.file;
		}
		const entry = { file: load(segment), bytes: 0 };
		cache.set(segment, entry);
		try {
			const file = await entry.file;
			if (segment.file.compressed) entry.bytes = file.sizeBytes;
			else segment.problem = undefined;
			if (!segment.file.compressed && file.sizeBytes > segment.sizeBytes) segment.sizeBytes = file.sizeBytes;
		} catch (error) {
			if (cache.get(segment) === entry) cache.delete(segment);
			throw error;
		}
		return await entry.file;
	}

	async function withRetry(
		segment: Segment,
		opening: () => Promise<{ readonly file: SharedFile; readonly kept: boolean }>,
	): Promise<OpenSegment | undefined> {
		for (let tries = 0; ; tries += 1) {
			if (disposed) return undefined;
			try {
				const { file, kept } = await opening();
				// Closed between being found and being used: it is no longer kept either.
				if (file.users === 0) continue;
				if (kept) file.users += 1;
				return { source: file.source, fd: file.handle.fd, release: once(() => releaseFile(file)) };
			} catch (error) {
				const code = (error as NodeJS.ErrnoException).code;
				if (tries === 0 && (code === 'ENOENT' || code === 'ESTALE')) {
					await onMoved();
					continue;
				}
				segment.problem = describeFileProblem(segment.file.path, error);
				return undefined;
			}
		}
	}

	return {
		async open(segment, signal) {
			signal?.throwIfAborted();
			if (segment.held !== undefined)
				return await withRetry(segment, async () => ({
					file: segment.held ?? (await attempt(segment)),
					kept: true,
				}));
			const opened = await raceAbort(
				withRetry(segment, async () => ({ file: await attempt(segment), kept: true })),
				signal,
			);
			await evict();
			return opened;
		},
		openPacked: (segment) =>
			withRetry(segment, async () => {
				const file = await openSame(segment);
				// Nobody but the caller keeps it.
				return { file, kept: false };
			}),
		forget,
		async [Symbol.asyncDispose]() {
			disposed = true;
			for (const segment of [...cache.keys()]) await forget(segment);
		},
	};
}

/** Opens the segment's file, if it still is that file. */
async function openSame(segment: Segment): Promise<SharedFile> {
	const file = await openSharedFile(segment.file.path);
	if (file.identity === segment.file.identity) return file;
	await releaseFile(file);
	throw Object.assign(new Error('another file has its name now'), { code: 'ENOENT' });
}

/** Stops waiting when aborted; what was waited for goes on and its result is released. */
async function raceAbort(
	opening: Promise<OpenSegment | undefined>,
	signal: AbortSignal | undefined,
): Promise<OpenSegment | undefined> {
	if (signal === undefined) return await opening;
	const { promise, reject } = Promise.withResolvers<never>();
	const onAbort = () => reject(signal.reason);
	signal.addEventListener('abort', onAbort, { once: true });
	try {
		return await Promise.race([opening, promise]);
	} catch (error) {
		opening.then(
			(opened) => opened?.release(),
			() => undefined,
		);
		throw error;
	} finally {
		signal.removeEventListener('abort', onAbort);
	}
}

function once(action: () => Promise<void>): () => Promise<void> {
	let done: Promise<void> | undefined;
	return () => {
		done ??= action();
		return done;
	};
}
