import { followSegments } from './follow.ts';
import type { LogEvent } from './log-history.ts';
import type { LogPosition } from './log-line.ts';
import { createPageReader, formatOf } from './page-reader.ts';
import type { LogFormat } from './physical-line.ts';
import { createPieceSplitter, type LogPiece } from './piece-splitter.ts';
import { createScanner } from './scan-history.ts';
import { endPosition, seekTime } from './seek-time.ts';
import { openSegmentStore } from './segment-store.ts';

type Options = { readonly signal?: AbortSignal | undefined };

/** Where reading begins. */
export type RawLogStart =
	| 'start'
	/** The last lines, counted as a person would: partials are one line. */
	| { readonly lastLines: number }
	/** The first line at or after a time. */
	| { readonly sinceNanos: bigint };

/**
 * One attempt of one container's log, byte for byte: rotated and compressed files first, then the one being written.
 * For pipes and files; what a screen shows is a {@link openLogHistory}. One reader, one call at a time.
 */
export type RawLog = AsyncDisposable & {
	/** Sets where the next `read` begins; 'start' without it. @throws the signal's reason. */
	seek(start: RawLogStart, options?: Options): Promise<void>;
	/**
	 * The next pieces, a few hundred KiB; none where there is nothing more yet. A line without an end waits for it.
	 * @throws the signal's reason.
	 */
	read(options?: Options): Promise<readonly LogPiece[]>;
	/** What is left of a line that never got an end; after the last `read`. */
	finish(): readonly LogPiece[];
	/** Looks at the folder at once, as a change there would have it done. */
	refresh(): Promise<void>;
	/** Watches the files: `read` may have more after each call of the listener. */
	follow(listener: (event: LogEvent) => void): Disposable;
	/** Why (a part of) it cannot be read, one sentence each. */
	readonly problems: () => readonly string[];
};

const chunkBytes = 256 * 1024;
/** Lines counted at once from the end. */
const countedLines = 4096;
/** Lines are only counted: nobody reads their text. */
const countedBytes = 64;

/**
 * Opens the log at `logPath` (`…/<container>/<attempt>.log`, a link to one, or any other file). A log that does not exist
 * opens too, and `problems` says so.
 * @throws the signal's reason.
 */
export async function openRawLog(options: {
	readonly logPath: string;
	/** Where compressed files are unpacked, unseen; by default the system's folder for temporary files. */
	readonly spoolFolder?: string | undefined;
	/** How often files are looked at that report no change by themselves; default 1000. */
	readonly pollMs?: number | undefined;
	readonly signal?: AbortSignal | undefined;
}): Promise<RawLog> {
	const { logPath } = options;
	options.signal?.throwIfAborted();
	const store = await openSegmentStore({
		logPath,
		includeEarlierAttempts: false,
		spoolFolder: options.spoolFolder,
	});
	const reading = { limitBytes: countedBytes, chunkBytes };
	const scanner = createScanner(store, reading);
	const pages = createPageReader(store, reading, scanner);
	const splitter = createPieceSplitter();
	let at: LogPosition = { segment: Number.NEGATIVE_INFINITY, offset: 0 };
	let format: LogFormat = 'cri';

	async function lastLines(count: number, { signal }: Options): Promise<LogPosition | undefined> {
		if (count === 0) return await endPosition(store, { ...reading, signal });
		// One more than wanted: the first one begins where the one before it ends.
		let left = count + 1;
		for (let from: LogPosition | 'end' = 'end'; ; ) {
			const wanted = Math.min(left, countedLines);
			const page = await pages.readBackward(from, wanted, { signal });
			if (page.length >= left) return page[page.length - left]?.end;
			const first = page[0];
			if (first === undefined || page.length < wanted) return undefined;
			left -= page.length;
			from = first.start;
		}
	}

	return {
		async seek(start, seekOptions = {}) {
			const { signal } = seekOptions;
			signal?.throwIfAborted();
			const place =
				start === 'start'
					? undefined
					: 'lastLines' in start
						? await lastLines(start.lastLines, { signal })
						: await seekTime(store, start.sinceNanos, { ...reading, signal });
			// What was read before is no beginning of what comes now.
			splitter.finish(format);
			at = place ?? { segment: Number.NEGATIVE_INFINITY, offset: 0 };
		},
		async read(readOptions = {}) {
			const { signal } = readOptions;
			for (;;) {
				signal?.throwIfAborted();
				const segments = store.segments();
				const segment = segments.find(({ id }) => id >= at.segment);
				if (segment === undefined) return [];
				// A file that is gone takes the beginning of its last line along.
				const cut = segment.id !== at.segment ? splitter.finish(format) : [];
				if (segment.id !== at.segment) at = { segment: segment.id, offset: 0 };
				if (cut.length > 0) return cut;
				// Before the read: only what was there then proves that this file gets nothing more behind its end.
				const next = segments.find(({ id, sizeBytes }) => id > segment.id && sizeBytes > 0);
				const opened = await store.files.open(segment, signal);
				let chunk: Buffer = Buffer.alloc(0);
				if (opened !== undefined) {
					try {
						format = await formatOf(segment, opened);
						// Not bound by the size that was seen last: a rotated file may have got more before it was left.
						chunk = await opened.source.read(at.offset, chunkBytes);
					} finally {
						await opened.release();
					}
				}
				if (chunk.length > 0) {
					at = { segment: segment.id, offset: at.offset + chunk.length };
					const pieces = splitter.push(chunk, format);
					if (pieces.length > 0) return pieces;
					continue;
				}
				if (next === undefined) return [];
				at = { segment: next.id, offset: 0 };
				const left = splitter.finish(format);
				if (left.length > 0) return left;
			}
		},
		finish: () => splitter.finish(format),
		refresh: () => store.refresh({ full: true }),
		follow: (listener) =>
			followSegments(store, { logPath, pollMs: options.pollMs ?? 1000, watch: true }, listener),
		problems() {
			const found = store.segments().flatMap(({ problem }) => (problem === undefined ? [] : [problem]));
			const missing = store.missing();
			return missing === undefined || found.length > 0 ? found : [missing];
		},
		async [Symbol.asyncDispose]() {
			await scanner[Symbol.asyncDispose]();
			await store[Symbol.asyncDispose]();
		},
	};
}
