import type { ByteSource } from './byte-source.ts';
import { createLineParser, type JoinPoint, type RawLine } from './line-parser.ts';
import type { LogFormat } from './physical-line.ts';

/** How a segment is read. */
export type LineReadOptions = {
	readonly format: LogFormat;
	readonly limitBytes: number;
	/** Bytes read at once. */
	readonly chunkBytes: number;
	readonly signal?: AbortSignal | undefined;
};

/** A stream silent for this long before a place is taken to have no open partial there. */
const silentStreamBytes = 256 * 1024;
/** A line of partials longer than this is cut where reading began. */
const longestChainBytes = 16 * 1024 * 1024;
/** A block without a whole line in it doubles up to this. */
const largestBlockBytes = 4 * 1024 * 1024;

/**
 * Gives the lines that end after `from` and not after `to`, both starts of physical lines (or the end).
 * With `unfinished`, `to` is the segment's end and lines without an end are given too, last.
 * Returns where it stopped: hand it in as `join` to go on there without looking back.
 */
export async function readLines(
	source: ByteSource,
	range: { readonly from: number; readonly to: number; readonly unfinished: boolean },
	options: LineReadOptions & {
		readonly onLine: (line: RawLine) => boolean;
		readonly join?: JoinPoint | undefined;
	},
): Promise<JoinPoint> {
	const { format, limitBytes, chunkBytes, signal } = options;
	const { join } = options;
	const at = join?.at === range.from ? join.from : await findJoinStart(source, range.from, options);
	const parser = createLineParser({
		format,
		limitBytes,
		at,
		onLine: (line) => (!line.unfinished && line.start < range.from ? true : options.onLine(line)),
	});
	let offset = at;
	while (offset < range.to && !parser.stopped()) {
		signal?.throwIfAborted();
		const chunk = await source.read(offset, Math.min(chunkBytes, range.to - offset));
		// Shorter than it was: somebody truncated the file.
		if (chunk.length === 0) break;
		offset += chunk.length;
		parser.push(chunk);
	}
	const stoppedAt = parser.joinPoint();
	if (range.unfinished && !parser.stopped()) parser.finish();
	return stoppedAt;
}

/**
 * Gives the lines that end at or before `to`, the nearest `count` (or one more when two unfinished lines
 * share a start), in reading order. `take` copies what it needs from the line.
 */
export async function readLinesBackward<T extends { readonly start: number }>(
	source: ByteSource,
	range: { readonly to: number; readonly unfinished: boolean; readonly count: number },
	options: LineReadOptions & { readonly take: (line: RawLine) => T },
): Promise<T[]> {
	const blocks: T[][] = [];
	let found = 0;
	let to = range.to;
	let unfinished = range.unfinished;
	let blockBytes = options.chunkBytes;
	while ((to > 0 || unfinished) && found < range.count) {
		const from = to === 0 ? 0 : await findBlockStart(source, to, blockBytes, options.signal);
		const lines: T[] = [];
		const onLine = (line: RawLine) => {
			lines.push(options.take(line));
			return true;
		};
		await readLines(source, { from, to, unfinished }, { ...options, onLine });
		blocks.push(lines);
		found += lines.length;
		to = from;
		unfinished = false;
		blockBytes = Math.min(blockBytes * 2, largestBlockBytes);
	}
	const all = blocks.reverse().flat();
	let first = Math.max(0, all.length - range.count);
	while (first > 0 && all[first]?.start === all[first - 1]?.start) first -= 1;
	return all.slice(first);
}

/** The start of a physical line before `to`, at most about `blockBytes` before it where lines are that short. */
export async function findBlockStart(
	source: ByteSource,
	to: number,
	blockBytes: number,
	signal?: AbortSignal,
): Promise<number> {
	const probe = Math.max(0, to - blockBytes);
	if (probe === 0) return 0;
	// The newline that ends the line before `to` says nothing about where that line starts.
	const block = await source.read(probe - 1, to - probe);
	const newline = block.indexOf(10);
	if (newline >= 0 && probe + newline < to) return probe + newline;
	return await findLineStart(source, probe - 1, blockBytes, signal);
}

/** The start of the physical line that holds the byte at `offset`. */
export async function findLineStart(
	source: ByteSource,
	offset: number,
	blockBytes: number,
	signal?: AbortSignal,
): Promise<number> {
	let end = offset;
	while (end > 0) {
		signal?.throwIfAborted();
		const start = Math.max(0, end - blockBytes);
		const block = await source.read(start, end - start);
		const newline = block.lastIndexOf(10);
		if (newline >= 0) return start + newline + 1;
		end = start;
	}
	return 0;
}

/**
 * Where parsing must begin so that the partials open at `from` are whole: the start of the earliest of them,
 * or `from`. Looks back over physical lines, stream by stream.
 */
export async function findJoinStart(
	source: ByteSource,
	from: number,
	options: LineReadOptions,
): Promise<number> {
	type State = { open: number | undefined; known: boolean };
	const streams: Record<'stdout' | 'stderr', State> = {
		stdout: { open: undefined, known: false },
		stderr: { open: undefined, known: false },
	};
	const isOpen = (state: State) => state.open !== undefined && !state.known;
	let to = from;
	let blockBytes = Math.min(options.chunkBytes, 8192);
	while (to > 0 && !(streams.stdout.known && streams.stderr.known)) {
		const seen = from - to;
		if (seen >= longestChainBytes) break;
		if (seen >= silentStreamBytes && !isOpen(streams.stdout) && !isOpen(streams.stderr)) break;
		const start = await findBlockStart(source, to, blockBytes, options.signal);
		const lines: { start: number; stream: 'stdout' | 'stderr'; partial: boolean }[] = [];
		const parser = createLineParser({
			format: options.format,
			limitBytes: 0,
			at: start,
			onLine: () => true,
			onPhysical: (at, { stream, partial }) => {
				if (stream !== undefined) lines.push({ start: at, stream, partial });
			},
		});
		for (let at = start; at < to; ) {
			options.signal?.throwIfAborted();
			const chunk = await source.read(at, Math.min(options.chunkBytes, to - at));
			if (chunk.length === 0) break;
			at += chunk.length;
			parser.push(chunk);
		}
		for (const line of lines.reverse()) {
			const state = streams[line.stream];
			if (state.known) continue;
			if (line.partial) state.open = line.start;
			else state.known = true;
		}
		to = start;
		blockBytes = Math.min(blockBytes * 2, largestBlockBytes);
	}
	return Math.min(from, streams.stdout.open ?? from, streams.stderr.open ?? from);
}
