/**
 * A place in a log history: always the start of a physical line, or the end of a segment.
 *
 * Order: by `segment`, then by `offset` (see {@link compareLogPositions}). A position stays valid when its
 * file is renamed or compressed. When the file is gone, reading forward goes on at the next segment and
 * reading backward at the one before.
 */
export type LogPosition = {
	/** Id of the segment in its history; increases with time, not necessarily by one, may be a fraction. */
	readonly segment: number;
	/** Byte offset in the segment, after decompression. */
	readonly offset: number;
	/** In a merged history only: the position in every source. Hand positions back whole. */
	readonly parts?: readonly LogPosition[] | undefined;
	/** In a merged history only: the line this position was found by, when `parts` skip unmatched lines. */
	readonly pivot?: { readonly source: number; readonly timestampNanos: bigint } | undefined;
};

/** One line as a reader wants it: partials joined, prefix taken apart. */
export type LogLine = {
	/** Where the line stands: unique in its history, except for `open` lines. Good as a key and to seek to. */
	readonly start: LogPosition;
	/**
	 * Where the next line is read from: `readForward(line.end, …)`. For an `open` line it equals `start`.
	 */
	readonly end: LogPosition;
	/** Nanoseconds since the epoch; undefined for a line without a readable prefix. */
	readonly timestampNanos: bigint | undefined;
	/** The stream the container wrote to; lines that are no CRI lines count as stdout. */
	readonly stream: 'stdout' | 'stderr';
	/**
	 * Content, partials joined, without line ending (one trailing CR goes too). Bytes that are no UTF-8 become
	 * U+FFFD. Control sequences are untouched: untrusted, never print it as it is.
	 */
	readonly text: string;
	/** Bytes of content beyond the line limit, not in `text`. */
	readonly truncatedBytes: number;
	/** The container's label in a merged history, '' otherwise. */
	readonly source: string;
	/** The container attempt, from the file name (`3.log` is 3); undefined where the name says none. */
	readonly attempt: number | undefined;
	/**
	 * True while the line has no end yet (a `P` without its `F`, or no newline) in the file being written.
	 * Open lines come last. Each later forward read gives them again, longer or complete: drop the open
	 * lines you hold before you append what `readForward(line.end, …)` returns.
	 */
	readonly open: boolean;
};

/** Orders positions of one history: negative when `a` comes first, 0 when they are the same place. */
export function compareLogPositions(a: LogPosition, b: LogPosition): number {
	return a.segment - b.segment || a.offset - b.offset;
}
