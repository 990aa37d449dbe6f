import { createLineParser } from './line-parser.ts';
import { findBlockStart, findLineStart, type LineReadOptions } from './line-reader.ts';
import type { LogPosition } from './log-line.ts';
import type { OpenSegment } from './open-files.ts';
import { formatOf } from './page-reader.ts';
import { tryParseLogTimestamp } from './physical-line.ts';
import type { Segment } from './segment.ts';
import type { SegmentStore } from './segment-store.ts';

/** Lines out of order within this many bytes are put right: the first at or after the time is found. */
const disorderBytes = 64 * 1024;

type SeekOptions = Omit<LineReadOptions, 'format'>;

/**
 * Finds the first line at or after a time: over segments by their first timestamp, then by halving the
 * segment. Where timestamps run backward (a clock set back) it finds one of the places where the time is
 * crossed. Lines without a timestamp are passed over.
 */
export async function seekTime(
	store: SegmentStore,
	timestampNanos: bigint,
	options: SeekOptions,
): Promise<LogPosition> {
	options.signal?.throwIfAborted();
	await store.refresh();
	const segments = [...store.segments()];
	let low = 0;
	let high = segments.length;
	// The last segment that begins before the time holds it, or ends before it.
	while (low < high) {
		const middle = (low + high) >> 1;
		// Segments without a timestamp go with the next one that has one.
		let at = middle;
		let first: bigint | undefined;
		while (at < high && first === undefined) {
			first = await firstTimestamp(store, segments[at]!, options);
			at += 1;
		}
		if (first !== undefined && first < timestampNanos) low = at;
		else high = middle;
	}
	const segment = segments[low - 1];
	if (segment !== undefined) {
		const offset = await withOpen(store, segment, options, (opened, reading) =>
			seekInSegment(opened, segment.sizeBytes, timestampNanos, reading),
		);
		if (offset !== undefined) return { segment: segment.id, offset };
	}
	const next = segments[low];
	if (next !== undefined) return { segment: next.id, offset: 0 };
	return await endPosition(store, options);
}

/** Where complete lines end: read forward from it to get what is written from now on. */
export async function endPosition(store: SegmentStore, options: SeekOptions): Promise<LogPosition> {
	const last = store.segments().at(-1);
	if (last === undefined) return { segment: 0, offset: 0 };
	const offset = await withOpen(store, last, options, (opened, { chunkBytes, signal }) =>
		findLineStart(opened.source, last.sizeBytes, chunkBytes, signal),
	);
	return { segment: last.id, offset: offset ?? 0 };
}

async function firstTimestamp(
	store: SegmentStore,
	segment: Segment,
	options: SeekOptions,
): Promise<bigint | undefined> {
	if (segment.firstNanos != null) return segment.firstNanos;
	const found = await withOpen(store, segment, options, (opened, reading) =>
		timestampAfter(opened, 0, segment.sizeBytes, reading),
	);
	segment.firstNanos = found?.timestampNanos;
	return found?.timestampNanos;
}

async function seekInSegment(
	opened: OpenSegment,
	sizeBytes: number,
	timestampNanos: bigint,
	options: LineReadOptions,
): Promise<number | undefined> {
	let low = 0;
	let high = sizeBytes;
	while (high - low > disorderBytes) {
		options.signal?.throwIfAborted();
		const middle = await findLineStart(opened.source, Math.floor((low + high) / 2), 8192, options.signal);
		// One line fills the range.
		if (middle <= low) break;
		const found = await timestampAfter(opened, middle, high, options);
		if (found !== undefined && found.timestampNanos < timestampNanos) low = found.end;
		else high = middle;
	}
	const from = low === 0 ? 0 : await findBlockStart(opened.source, low, disorderBytes, options.signal);
	// To the end when it must be: behind the crossing there may be nothing but lines without a timestamp.
	const found = await timestampAfter(opened, from, sizeBytes, options, (nanos) => nanos >= timestampNanos);
	return found?.start;
}

type Stamped = { readonly start: number; readonly end: number; readonly timestampNanos: bigint };

/** The first physical line in a range whose timestamp is wanted. */
async function timestampAfter(
	opened: OpenSegment,
	from: number,
	to: number,
	options: LineReadOptions,
	isWanted: (nanos: bigint) => boolean = () => true,
): Promise<Stamped | undefined> {
	let found: Stamped | undefined;
	let stampText: string | undefined;
	let lastStart = from;
	const parser = createLineParser({
		format: options.format,
		limitBytes: 0,
		at: from,
		onPhysical: (start, line) => {
			if (found !== undefined) return;
			stampText = line.stampText;
			lastStart = start;
			const nanos = stampText === undefined ? undefined : tryParseLogTimestamp(stampText);
			if (nanos !== undefined && isWanted(nanos))
				found = { start: lastStart, end: lastStart, timestampNanos: nanos };
		},
		onLine: () => true,
	});
	for (let at = from; at < to && found === undefined; ) {
		options.signal?.throwIfAborted();
		const chunk = await opened.source.read(at, Math.min(options.chunkBytes, to - at));
		if (chunk.length === 0) break;
		at += chunk.length;
		parser.push(chunk);
	}
	if (found === undefined) return undefined;
	const hit: Stamped = found;
	return hit;
}

async function withOpen<T>(
	store: SegmentStore,
	segment: Segment,
	options: SeekOptions,
	use: (opened: OpenSegment, reading: LineReadOptions) => Promise<T>,
): Promise<T | undefined> {
	const opened = await store.files.open(segment, options.signal);
	if (opened === undefined) return undefined;
	try {
		return await use(opened, { ...options, format: await formatOf(segment, opened) });
	} finally {
		await opened.release();
	}
}
