import type { RawLine } from './line-parser.ts';
import { type LineReadOptions, readLines, readLinesBackward } from './line-reader.ts';
import type { LogFindOptions, LogHistory } from './log-history.ts';
import type { LogLine, LogPosition } from './log-line.ts';
import type { LogMatcher } from './log-matcher.ts';
import type { OpenSegment } from './open-files.ts';
import { detectLogFormat, tryParseLogTimestamp } from './physical-line.ts';
import type { Scanner } from './scan-history.ts';
import type { ScannedLine } from './scan-job.ts';
import type { Segment } from './segment.ts';
import type { SegmentStore } from './segment-store.ts';

/** Reads pages of lines across segments; the methods are those of {@link LogHistory}. */
export type PageReader = Pick<LogHistory, 'readBackward' | 'readForward' | 'find'>;

type PageOptions = {
	readonly signal?: AbortSignal | undefined;
	readonly onProgress?: ((scannedBytes: number, matches: number) => void) | undefined;
};

const formatHeadBytes = 64 * 1024;

/** Makes the page reader of a history. */
export function createPageReader(
	store: SegmentStore,
	reading: { readonly limitBytes: number; readonly chunkBytes: number },
	scanner: Scanner,
): PageReader {
	function toLogLine(segment: Segment, line: Omit<ScannedLine, 'text'>, text: string): LogLine {
		const open = line.unfinished && segment.id >= store.liveFrom();
		const start = { segment: segment.id, offset: line.start };
		let end: LogPosition = { segment: segment.id, offset: line.end };
		if (line.unfinished && !open) {
			const next = store.segments().find((each) => each.id > segment.id);
			end = { segment: next?.id ?? segment.id, offset: 0 };
		}
		return {
			start,
			end,
			timestampNanos: line.stampText === undefined ? undefined : tryParseLogTimestamp(line.stampText),
			stream: line.stream,
			text,
			truncatedBytes: line.truncatedBytes,
			source: '',
			attempt: segment.file.attempt,
			open,
		};
	}

	const readForward: LogHistory['readForward'] = async (from, count, options = {}) => {
		const { filter, signal } = options;
		let scannedBytes = 0;
		signal?.throwIfAborted();
		await store.refresh();
		const lines: LogLine[] = [];
		const start = from === 'start' ? { segment: Number.NEGATIVE_INFINITY, offset: 0 } : from;
		// Lists change while awaiting: go by id.
		for (const segment of [...store.segments()].filter((each) => each.id >= start.segment)) {
			if (lines.length >= count) break;
			const offset = segment.id === start.segment ? start.offset : 0;
			const onProgress = (bytes: number) => options.onScanned?.(scannedBytes + bytes);
			const scan: PageOptions = { signal, onProgress };
			lines.push(...(await pageForward(segment, offset, count - lines.length, filter, scan)));
			scannedBytes += segment.sizeBytes - offset;
		}
		return lines;
	};

	async function pageForward(
		segment: Segment,
		from: number,
		count: number,
		matcher: LogMatcher | undefined,
		options: PageOptions,
	): Promise<readonly LogLine[]> {
		const { signal } = options;
		if (matcher !== undefined) {
			const to = segment.file.compressed ? Number.POSITIVE_INFINITY : segment.sizeBytes;
			const result = await scanner.scan(
				segment,
				{ matcher, direction: 'forward', from, to, unfinished: true, wanted: count },
				options,
			);
			return (result?.lines ?? []).map((line) => toLogLine(segment, line, line.text));
		}
		const lines: LogLine[] = [];
		await withSegment(segment, signal, async (opened, reading) => {
			const onLine = (line: RawLine): boolean => {
				lines.push(toLogLine(segment, line, line.content.toString('utf8')));
				return line.unfinished || lines.length < count;
			};
			const range = { from, to: segment.sizeBytes, unfinished: true };
			segment.join = await readLines(opened.source, range, { ...reading, onLine, join: segment.join });
		});
		return lines;
	}

	const readBackward: LogHistory['readBackward'] = async (from, count, options = {}) => {
		const { filter, signal } = options;
		let scannedBytes = 0;
		signal?.throwIfAborted();
		if (from === 'end') await store.refresh();
		const end = from === 'end' ? { segment: Number.POSITIVE_INFINITY, offset: 0 } : from;
		const pages: (readonly LogLine[])[] = [];
		let found = 0;
		for (const segment of [...store.segments()].reverse()) {
			if (segment.id > end.segment) continue;
			if (found >= count) break;
			const to = segment.id === end.segment ? end.offset : undefined;
			if (to === 0) continue;
			const onProgress = (bytes: number) => options.onScanned?.(scannedBytes + bytes);
			const page = await pageBackward(segment, to, count - found, filter, { signal, onProgress });
			scannedBytes += to ?? segment.sizeBytes;
			pages.push(page);
			found += page.length;
		}
		return pages.reverse().flat();
	};

	async function pageBackward(
		segment: Segment,
		to: number | undefined,
		count: number,
		matcher: LogMatcher | undefined,
		options: PageOptions,
	): Promise<readonly LogLine[]> {
		const { signal } = options;
		const inPart = to !== undefined && to < segment.sizeBytes;
		if (matcher !== undefined && (segment.file.compressed || inPart || to === undefined)) {
			const size = segment.file.compressed ? Number.POSITIVE_INFINITY : segment.sizeBytes;
			const unfinished = to === undefined;
			const result = await scanner.scan(
				segment,
				{ matcher, direction: 'backward', from: 0, to: to ?? size, unfinished, wanted: count },
				options,
			);
			return (result?.lines ?? []).map((line) => toLogLine(segment, line, line.text));
		}
		let lines: readonly LogLine[] = [];
		await withSegment(segment, signal, async (opened, reading) => {
			const size = segment.sizeBytes;
			// The very end, given as an offset, follows a half-written line but no line of partials.
			const unfinished = to === undefined || (to >= size && (await endsWithoutNewline(opened, size)));
			const end = Math.min(to ?? size, size);
			if (matcher !== undefined) {
				const result = await scanner.scan(
					segment,
					{ matcher, direction: 'backward', from: 0, to: end, unfinished, wanted: count },
					options,
				);
				lines = (result?.lines ?? []).map((line) => toLogLine(segment, line, line.text));
				return;
			}
			const take = (line: RawLine) => ({
				start: line.start,
				line: toLogLine(segment, line, line.content.toString('utf8')),
			});
			const taken = await readLinesBackward(
				opened.source,
				{ to: end, unfinished, count },
				{ ...reading, take },
			);
			lines = taken.map((each) => each.line);
		});
		return lines;
	}

	async function withSegment(
		segment: Segment,
		signal: AbortSignal | undefined,
		use: (opened: OpenSegment, options: LineReadOptions) => Promise<void>,
	): Promise<void> {
		const opened = await store.files.open(segment, signal);
		if (opened === undefined) return;
		try {
			const format = await formatOf(segment, opened);
			await use(opened, { ...reading, format, signal });
		} finally {
			await opened.release();
		}
	}

	const find = async (matcher: LogMatcher, options: LogFindOptions): Promise<LogLine | undefined> => {
		const { from, direction, signal, onProgress } = options;
		await store.refresh();
		const segments = [...store.segments()];
		if (direction === 'backward') segments.reverse();
		const first = direction === 'forward' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
		if (from === (direction === 'forward' ? 'end' : 'start')) return undefined;
		const at = typeof from === 'string' ? { segment: first, offset: 0 } : from;
		const totalBytes = segments.reduce((sum, segment) => sum + segment.sizeBytes, 0);
		let scannedBytes = 0;
		for (const segment of segments) {
			signal?.throwIfAborted();
			if (direction === 'forward' ? segment.id < at.segment : segment.id > at.segment) continue;
			const offset = segment.id === at.segment ? at.offset : undefined;
			const report = (bytes: number) => {
				const ratio = totalBytes === 0 ? 1 : Math.min(1, (scannedBytes + bytes) / totalBytes);
				onProgress?.({ scannedBytes: scannedBytes + bytes, totalBytes, ratio, matches: 0 });
			};
			const scan: PageOptions = { signal, onProgress: report };
			const page =
				direction === 'forward'
					? await pageForward(segment, offset ?? 0, 1, matcher, scan)
					: offset === 0
						? []
						: await pageBackward(segment, offset, 1, matcher, scan);
			const hit = direction === 'forward' ? page[0] : page.at(-1);
			if (hit !== undefined) return hit;
			report(segment.sizeBytes);
			scannedBytes += segment.sizeBytes;
		}
		return undefined;
	};

	return { readForward, readBackward, find };
}

/** Tells a segment's format once it has a first line; an empty file may still become either. */
export async function formatOf(segment: Segment, opened: OpenSegment): Promise<LineReadOptions['format']> {
	if (segment.format !== undefined) return segment.format;
	const head = await opened.source.read(0, formatHeadBytes);
	const format = detectLogFormat(head);
	if (head.includes(10)) segment.format = format;
	return format;
}

async function endsWithoutNewline(opened: OpenSegment, size: number): Promise<boolean> {
	if (size === 0) return false;
	const last = await opened.source.read(size - 1, 1);
	return last.length === 1 && last[0] !== 10;
}
