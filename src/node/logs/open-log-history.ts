import { exportByLines, exportBytes } from './export-lines.ts';
import { followSegments } from './follow.ts';
import type { LogHistory, LogReadOptions, LogSegment } from './log-history.ts';
import type { LogPosition } from './log-line.ts';
import { createPageReader } from './page-reader.ts';
import { createScanner } from './scan-history.ts';
import { seekTime } from './seek-time.ts';
import { openSegmentStore } from './segment-store.ts';

/** Content kept of a line that is saved; what is beyond it is lost to the export. */
const savedLineBytes = 16 * 1024 * 1024;

/** How a log is opened. */
export type OpenLogHistoryOptions = {
	/** The runtime's log path: `…/<container>/<attempt>.log`, a link to one, or any other file. */
	readonly logPath: string;
	/**
	 * Default true: attempts before this one come first, and later ones that begin while the history is open
	 * are followed. An attempt that was not the last when opened ends where the next began.
	 */
	readonly includeEarlierAttempts?: boolean | undefined;
	/** Bytes of content kept of one line; default 64 KiB. */
	readonly lineLimitBytes?: number | undefined;
	/** Bytes read at once; default 64 KiB. */
	readonly chunkBytes?: number | undefined;
	/** How often files are looked at that report no change by themselves (NFS); default 1000. */
	readonly pollMs?: number | undefined;
	/** False: poll only. For file systems whose watches are known to tell nothing. Default true. */
	readonly watch?: boolean | undefined;
	/** Where compressed files are unpacked, unseen; default: the system's folder for temporary files. */
	readonly spoolFolder?: string | undefined;
	readonly signal?: AbortSignal | undefined;
};

/**
 * Opens the log of one container: takes time for a look at the folder, whatever the size of the files.
 * A log that does not exist or cannot be read opens too: `segments()` says what is wrong, and `follow` when
 * it is there. Dispose it to close its files and stop its worker.
 * @throws the signal's reason.
 */
export async function openLogHistory(options: OpenLogHistoryOptions): Promise<LogHistory> {
	options.signal?.throwIfAborted();
	const store = await openSegmentStore({
		logPath: options.logPath,
		includeEarlierAttempts: options.includeEarlierAttempts ?? true,
		spoolFolder: options.spoolFolder,
	});
	const reading = {
		limitBytes: options.lineLimitBytes ?? 64 * 1024,
		chunkBytes: options.chunkBytes ?? 64 * 1024,
	};
	const scanner = createScanner(store, reading);
	const reader = createPageReader(store, reading, scanner);
	// What is saved is whole: its lines are cut only where memory would be at stake.
	const wholeReading = { ...reading, limitBytes: Math.max(reading.limitBytes, savedLineBytes) };
	const wholeScanner = createScanner(store, wholeReading);
	const wholeReader = createPageReader(store, wholeReading, wholeScanner);

	function segments(): readonly LogSegment[] {
		const known = store.segments().map(
			(segment): LogSegment => ({
				id: segment.id,
				path: segment.file.path,
				kind: segment.kind,
				sizeBytes: segment.sizeBytes,
				attempt: segment.file.attempt,
				problem: segment.problem,
			}),
		);
		const problem = store.missing();
		if (problem === undefined || known.some((segment) => segment.problem?.includes('was deleted')))
			return known;
		const id = (known.at(-1)?.id ?? -1) + 1;
		return [
			...known,
			{ id, path: options.logPath, kind: 'current', sizeBytes: 0, attempt: undefined, problem },
		];
	}

	const totalBytes = () => store.segments().reduce((sum, segment) => sum + segment.sizeBytes, 0);

	function ratio(position: LogPosition): number {
		const total = totalBytes();
		if (total === 0) return 1;
		let before = 0;
		for (const segment of store.segments()) {
			if (segment.id < position.segment) before += segment.sizeBytes;
			else if (segment.id === position.segment) before += Math.min(position.offset, segment.sizeBytes);
		}
		return before / total;
	}

	const readerFor = (readOptions?: LogReadOptions) => (readOptions?.whole ? wholeReader : reader);
	const readForward: LogHistory['readForward'] = (from, count, readOptions) =>
		readerFor(readOptions).readForward(from, count, readOptions);

	return {
		segments,
		readBackward: (from, count, readOptions) => readerFor(readOptions).readBackward(from, count, readOptions),
		readForward,
		find: (matcher, findOptions) => reader.find(matcher, findOptions),
		count: (matcher, scanOptions) => scanner.count(matcher, scanOptions),
		seekTime: (timestampNanos, seekOptions) =>
			seekTime(store, timestampNanos, { ...reading, signal: seekOptions?.signal }),
		follow: (listener) =>
			followSegments(
				store,
				{ logPath: options.logPath, pollMs: options.pollMs ?? 1000, watch: options.watch ?? true },
				listener,
			),
		ratio,
		totalBytes,
		exportTo: (path, exportOptions) =>
			exportOptions.format === 'raw' && exportOptions.matcher === undefined
				? exportBytes(store, path, exportOptions)
				: exportByLines({ readForward, ratio, totalBytes }, path, exportOptions),
		async [Symbol.asyncDispose]() {
			await wholeScanner[Symbol.asyncDispose]();
			await scanner[Symbol.asyncDispose]();
			await store[Symbol.asyncDispose]();
		},
	};
}
