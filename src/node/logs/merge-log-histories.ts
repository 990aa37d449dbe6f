import { exportByLines } from './export-lines.ts';
import type { LogHistory, LogReadOptions, LogSegment } from './log-history.ts';
import type { LogLine, LogPosition } from './log-line.ts';
import {
	cutPosition,
	firstPosition,
	type MergeSource,
	placeLine,
	resolveParts,
	type Timed,
	timeLines,
} from './merge-cut.ts';

/** Lines read from a source at once. */
const largestPage = 200;

/**
 * Merges histories by time; at equal times the order of the sources decides. Within a source its own order
 * is kept, so where a clock ran backward its lines stay together. Nothing is lost or doubled at any cut.
 * The merged history owns its sources: disposing it disposes them. Saved lines are cut at the sources' line
 * limit, and say so.
 */
export function mergeLogHistories(sources: readonly MergeSource[]): LogHistory {
	const histories = sources.map((source) => source.history);
	const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
	const totalBytes = () => sum(histories.map((history) => history.totalBytes()));

	function pivotOf(options: LogReadOptions, source: number, nanos: bigint): LogPosition['pivot'] {
		return options.filter === undefined ? undefined : { source, timestampNanos: nanos };
	}

	const readForward: LogHistory['readForward'] = async (from, count, options = {}) => {
		const parts =
			from === 'start' ? sources.map(firstPosition) : await resolveParts(sources, from, options.signal);
		const feeds = sources.map((_, index) => ({
			next: parts[index]!,
			queue: [] as Timed[],
			open: [] as readonly LogLine[],
			ended: false,
			nanos: undefined as bigint | undefined,
		}));
		const page = Math.min(count, largestPage);
		const fill = async (index: number): Promise<void> => {
			const feed = feeds[index]!;
			if (feed.queue.length > 0 || feed.ended) return;
			const lines = await histories[index]!.readForward(feed.next, page, options);
			feed.open = lines.filter((line) => line.open);
			feed.queue = timeLines(
				lines.filter((line) => !line.open),
				feed.nanos,
			);
			feed.ended = lines.length < page || feed.open.length > 0;
			feed.next = lines.at(-1)?.end ?? feed.next;
			feed.nanos = feed.queue.at(-1)?.nanos ?? feed.nanos;
		};
		const merged: LogLine[] = [];
		while (merged.length < count) {
			await Promise.all(feeds.map((_, index) => fill(index)));
			const index = pickIndex(
				feeds,
				(feed) => feed.queue[0]?.nanos,
				(a, b) => a < b,
			);
			if (index < 0) {
				// Lines without an end come last, all of them: they are read again next time.
				for (const [at, feed] of feeds.entries()) {
					const here = cutPosition(parts);
					merged.push(...feed.open.map((line) => placeLine(line, sources[at]!, here, here)));
				}
				break;
			}
			const { line, nanos } = feeds[index]!.queue.shift()!;
			const pivot = pivotOf(options, index, nanos);
			const start = cutPosition(replacePart(parts, index, line.start), pivot);
			parts[index] = line.end;
			merged.push(placeLine(line, sources[index]!, start, cutPosition(parts, pivot)));
		}
		return merged;
	};

	const readBackward: LogHistory['readBackward'] = async (from, count, options = {}) => {
		const parts = from === 'end' ? undefined : await resolveParts(sources, from, options.signal);
		const page = Math.min(count, largestPage);
		const feeds = sources.map((_, index) => ({
			next: (parts?.[index] ?? 'end') as LogPosition | 'end',
			queue: [] as Timed[],
			ended: false,
		}));
		const fill = async (index: number): Promise<void> => {
			const feed = feeds[index]!;
			if (feed.queue.length > 0 || feed.ended) return;
			const lines = await histories[index]!.readBackward(feed.next, page, options);
			feed.queue = timeLines(lines, undefined);
			feed.ended = lines.length < page;
			feed.next = lines[0]?.start ?? feed.next;
		};
		await Promise.all(feeds.map((_, index) => fill(index)));
		const at =
			parts ?? feeds.map((feed, index) => feed.queue.at(-1)?.line.end ?? firstPosition(sources[index]!));
		const merged: LogLine[] = [];
		while (merged.length < count || merged.at(-1)?.open === true) {
			await Promise.all(feeds.map((_, index) => fill(index)));
			let index = feeds.findLastIndex((feed) => feed.queue.at(-1)?.line.open);
			if (index < 0)
				index = pickIndex(
					feeds,
					(feed) => feed.queue.at(-1)?.nanos,
					(a, b) => a >= b,
				);
			if (index < 0 || (merged.length >= count && !feeds[index]!.queue.at(-1)!.line.open)) break;
			const { line, nanos } = feeds[index]!.queue.pop()!;
			const pivot = line.open ? undefined : pivotOf(options, index, nanos);
			const end = cutPosition(replacePart(at, index, line.end), pivot);
			at[index] = line.start;
			merged.push(placeLine(line, sources[index]!, cutPosition(at, pivot), end));
		}
		return merged.reverse();
	};

	const find: LogHistory['find'] = async (matcher, options) => {
		const { from, direction, signal } = options;
		const parts = typeof from === 'string' ? undefined : await resolveParts(sources, from, signal);
		const total = Math.max(1, totalBytes());
		const scanned = sources.map(() => 0);
		const found = await Promise.all(
			histories.map((history, index) =>
				history.find(matcher, {
					...options,
					from: parts?.[index] ?? (from as 'start' | 'end'),
					onProgress: (progress) => {
						scanned[index] = progress.scannedBytes;
						const scannedBytes = sum(scanned);
						const ratio = Math.min(1, scannedBytes / total);
						options.onProgress?.({ scannedBytes, totalBytes: total, ratio, matches: 0 });
					},
				}),
			),
		);
		const hits = found.map((line) => ({
			nanos: line === undefined ? undefined : (line.timestampNanos ?? 0n),
		}));
		const isNearer =
			direction === 'forward' ? (a: bigint, b: bigint) => a < b : (a: bigint, b: bigint) => a >= b;
		const index = pickIndex(hits, (hit) => hit.nanos, isNearer);
		const line = found[index];
		if (line === undefined) return undefined;
		const at = parts ?? sources.map(firstPosition);
		const { timestampNanos } = line;
		const pivot = timestampNanos === undefined ? undefined : { source: index, timestampNanos };
		const start = cutPosition(replacePart(at, index, line.start), pivot);
		return placeLine(line, sources[index]!, start, cutPosition(replacePart(at, index, line.end), pivot));
	};

	const count: LogHistory['count'] = async (matcher, options = {}) => {
		const total = Math.max(1, totalBytes());
		let matches = 0;
		let scannedBytes = 0;
		for (const history of histories) {
			const result = await history.count(matcher, {
				signal: options.signal,
				onProgress: (progress) =>
					options.onProgress?.({
						scannedBytes: scannedBytes + progress.scannedBytes,
						totalBytes: total,
						ratio: Math.min(1, (scannedBytes + progress.scannedBytes) / total),
						matches: matches + progress.matches,
					}),
			});
			matches += result.matches;
			scannedBytes += result.scannedBytes;
		}
		return { matches, scannedBytes };
	};

	function ratio(position: LogPosition): number {
		const total = totalBytes();
		if (total === 0) return 1;
		const before = histories.map((history, index) => {
			const part = position.parts?.[index];
			return part === undefined ? 0 : history.ratio(part) * history.totalBytes();
		});
		return sum(before) / total;
	}

	return {
		segments: () => histories.flatMap((history): readonly LogSegment[] => history.segments()),
		readForward,
		readBackward,
		find,
		count,
		seekTime: async (timestampNanos, options) =>
			cutPosition(await Promise.all(histories.map((history) => history.seekTime(timestampNanos, options)))),
		follow(listener) {
			const following = new DisposableStack();
			for (const history of histories) following.use(history.follow(listener));
			return following;
		},
		ratio,
		totalBytes,
		exportTo: (path, options) => exportByLines({ readForward, ratio, totalBytes }, path, options),
		async [Symbol.asyncDispose]() {
			await Promise.all(histories.map((history) => history[Symbol.asyncDispose]()));
		},
	};
}

/** The index of the item whose time comes first by `isBefore`; -1 when none has a time. */
function pickIndex<T>(
	items: readonly T[],
	timeOf: (item: T) => bigint | undefined,
	isBefore: (a: bigint, b: bigint) => boolean,
): number {
	let best = -1;
	let bestTime: bigint | undefined;
	for (const [index, item] of items.entries()) {
		const time = timeOf(item);
		if (time === undefined || (bestTime !== undefined && !isBefore(time, bestTime))) continue;
		best = index;
		bestTime = time;
	}
	return best;
}

function replacePart(parts: readonly LogPosition[], index: number, part: LogPosition): LogPosition[] {
	const changed = [...parts];
	changed[index] = part;
	return changed;
}
