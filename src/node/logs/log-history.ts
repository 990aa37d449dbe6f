import type { LogLine, LogPosition } from './log-line.ts';
import type { LogMatcher } from './log-matcher.ts';

/** What a segment is: one file, or one life of a file that was truncated. */
export type LogSegmentKind = 'current' | 'rotated' | 'compressed' | 'earlierAttempt';

/** One file of the history, for lists and notices. */
export type LogSegment = {
	/** The id that {@link LogPosition} uses. */
	readonly id: number;
	readonly path: string;
	/** A compressed file of an earlier attempt is `compressed`; any other file of one is `earlierAttempt`. */
	readonly kind: LogSegmentKind;
	/** Bytes after decompression; an estimate for a compressed segment nobody has read yet. */
	readonly sizeBytes: number;
	readonly attempt: number | undefined;
	/** Why (a part of) it cannot be read, in words; undefined when all is well. */
	readonly problem?: string | undefined;
};

/** What happened to the files while followed. `appended` is coalesced: one event, any number of lines. */
export type LogEvent =
	| { readonly kind: 'appended' }
	/** A new file took over; `attempt` when that is a later attempt of the container. */
	| { readonly kind: 'rotated'; readonly attempt: number | undefined }
	/** The file shrank: what it held before is gone, unless a rotated copy has it. */
	| { readonly kind: 'truncated' }
	/** The log file is gone; what was open stays readable until the history is closed. */
	| { readonly kind: 'vanished' }
	/** The log file exists again. */
	| { readonly kind: 'returned' };

/** How far a scan over the history is; ratio 0..1, by bytes of the range scanned. */
export type LogProgress = {
	readonly scannedBytes: number;
	readonly totalBytes: number;
	readonly ratio: number;
	/** Matches (for an export: lines) so far. */
	readonly matches: number;
};

/** Options of a read. */
export type LogReadOptions = {
	/** Only lines that match; found off the main thread, so no pattern can block it. */
	readonly filter?: LogMatcher | undefined;
	readonly signal?: AbortSignal | undefined;
	/** Long lines are not cut to what a screen can show, only where memory would be at stake: for saving. */
	readonly whole?: boolean | undefined;
	/** With a filter: bytes looked through so far, every 50 ms or so; in a merged history, of one source. */
	readonly onScanned?: ((scannedBytes: number) => void) | undefined;
};

/** Options of a scan over much of the history. */
export type LogScanOptions = {
	readonly signal?: AbortSignal | undefined;
	/** Called at most every 50 ms or so. */
	readonly onProgress?: ((progress: LogProgress) => void) | undefined;
};

/** Options of {@link LogHistory.find}. */
export type LogFindOptions = LogScanOptions & {
	/** Forward: lines starting at or after it. Backward: lines ending at or before it. */
	readonly from: LogPosition | 'start' | 'end';
	readonly direction: 'forward' | 'backward';
};

/** Options of {@link LogHistory.exportTo}. */
export type LogExportOptions = LogScanOptions & {
	readonly matcher?: LogMatcher | undefined;
	/**
	 * text: content only (`<source>: content` in a merged history). raw: the bytes as they stand in the
	 * files; with a matcher or in a merged history, one CRI line for each line, partials joined.
	 */
	readonly format: 'text' | 'raw';
	readonly from?: LogPosition | undefined;
	readonly to?: LogPosition | undefined;
};

/**
 * Everything one container (or several, merged) logged, as one scroll from the oldest rotated file to the
 * line being written. Calls may overlap. Reads reject with the signal's reason when cancelled, and never
 * because of a file: a file that cannot be read is skipped and says why in `segments()`.
 */
export type LogHistory = AsyncDisposable & {
	/** The files in time order, as known at the last read or event. */
	readonly segments: () => readonly LogSegment[];
	/**
	 * Lines ending at or before `from`, in reading order, the nearest `count`. Fewer means the beginning was
	 * reached. One more than `count` may come when two lines are open at once.
	 */
	readBackward(
		from: LogPosition | 'end',
		count: number,
		options?: LogReadOptions,
	): Promise<readonly LogLine[]>;
	/** Lines starting at or after `from`, in reading order, the nearest `count`. Fewer means the end. */
	readForward(
		from: LogPosition | 'start',
		count: number,
		options?: LogReadOptions,
	): Promise<readonly LogLine[]>;
	/**
	 * The nearest line that matches, undefined when there is none. From a line already found, go on from its
	 * `end` forward or its `start` backward.
	 * @throws Error when a regular expression takes too long on one line.
	 */
	find(matcher: LogMatcher, options: LogFindOptions): Promise<LogLine | undefined>;
	/** Counts matching lines in the whole history, in a worker thread. @throws as `find` does. */
	count(
		matcher: LogMatcher,
		options?: LogScanOptions,
	): Promise<{ readonly matches: number; readonly scannedBytes: number }>;
	/** The first line at or after a time: read forward from it. The end when all lines are older. */
	seekTime(timestampNanos: bigint, options?: { readonly signal?: AbortSignal }): Promise<LogPosition>;
	/** Watches the files. The listener runs on the main thread, after `segments()` and reads know the change. */
	follow(listener: (event: LogEvent) => void): Disposable;
	/** Where a position is, 0 (oldest) to 1 (newest), by bytes: for the scroll bar. */
	ratio(position: LogPosition): number;
	/** Bytes of all segments after decompression, as far as known. */
	totalBytes(): number;
	/**
	 * Saves lines to a file, whole or not at all: a temporary file beside it is renamed when complete.
	 * @throws Error in words for a full disk, a missing folder, no permission.
	 */
	exportTo(
		path: string,
		options: LogExportOptions,
	): Promise<{ readonly lines: number; readonly bytes: number }>;
};
