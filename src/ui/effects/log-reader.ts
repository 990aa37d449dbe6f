import type { LogHistory } from '../../node/logs/log-history.ts';
import type { LogLine, LogPosition } from '../../node/logs/log-line.ts';
import type { LogEntry, LogQuery } from '../store/slices/logs/logs-state.ts';
import { mergeEntries } from '../store/slices/logs/window.ts';

/** Lines shown before and after each match. */
const contextLines = 3;
/** Matches read at once when their context is read too. */
const contextPage = 30;
/** Lines read at once while looking for those of one stream. */
const streamPage = 1_000;

/** Entries that were read, and whether the edge of the history was reached in that direction. */
export type LogPage = { readonly entries: readonly LogEntry[]; readonly reachedEdge: boolean };

/** How a page is read. */
export type PageOptions = {
	readonly signal: AbortSignal;
	/** Long lines are read whole, for saving; else as much as a screen can show. */
	readonly whole?: boolean | undefined;
	/** 0..1 of the history, for a read that has to look far. */
	readonly onRatio?: ((ratio: number) => void) | undefined;
};

/** Reads a history through the query of the pane: filter, context lines, streams. */
export type LogReader = {
	readonly before: (from: LogPosition | 'end', count: number, options: PageOptions) => Promise<LogPage>;
	readonly after: (from: LogPosition | 'start', count: number, options: PageOptions) => Promise<LogPage>;
	/** Matches that are known already, with the lines around them where the query asks for those. */
	readonly around: (hits: readonly LogLine[], options: PageOptions) => Promise<readonly LogEntry[]>;
};

/** Matches wanted at first where lines are left out: looking for a screenful may take the whole history. */
export const fewEntries = 4;

/** Lines are left out, so that the last one shown may be far from the end. */
export function isNarrowed({ filter, streams }: LogQuery): boolean {
	return filter !== undefined || streams !== 'both';
}

/** The key of a line: its place in the history. */
export function keyOf({ start }: LogLine): string {
	return `${start.segment}:${start.offset}`;
}

function entryOf(line: LogLine, isContext: boolean): LogEntry {
	return { key: keyOf(line), line, isContext };
}

/** Makes a reader for one query. Counts are of matching lines; context comes on top. */
export function createLogReader(history: LogHistory, query: LogQuery): LogReader {
	const filter = query.filter?.matcher;
	const isWanted = (line: LogLine): boolean => query.streams === 'both' || line.stream === query.streams;

	async function lines(
		direction: 'before' | 'after',
		from: LogPosition | 'start' | 'end',
		count: number,
		{ signal, onRatio, whole }: PageOptions,
	): Promise<{ readonly lines: readonly LogLine[]; readonly reachedEdge: boolean }> {
		let found: readonly LogLine[] = [];
		let at = from;
		const onScanned = (bytes: number): void =>
			onRatio?.(Math.min(1, bytes / Math.max(1, history.totalBytes())));
		const read = { filter, signal, onScanned, whole };
		const size = query.streams === 'both' ? count : Math.max(count, streamPage);
		for (;;) {
			const page =
				direction === 'before'
					? await history.readBackward(at as LogPosition | 'end', size, read)
					: await history.readForward(at as LogPosition | 'start', size, read);
			const wanted = page.filter(isWanted);
			found = direction === 'before' ? [...wanted, ...found] : [...found, ...wanted];
			const reachedEdge = page.length < size;
			const edge = direction === 'before' ? page[0]?.start : page.at(-1)?.end;
			if (reachedEdge || edge === undefined) return { lines: found, reachedEdge: true };
			if (found.length >= count) return { lines: found, reachedEdge: false };
			at = edge;
			const ratio = history.ratio(edge);
			onRatio?.(direction === 'before' ? 1 - ratio : ratio);
		}
	}

	async function withContext(hits: readonly LogLine[], options: PageOptions): Promise<readonly LogEntry[]> {
		let entries: readonly LogEntry[] = hits.map((line) => entryOf(line, false));
		if (!filter || !query.context) return entries;
		const { signal, whole } = options;
		const near = await Promise.all(
			hits.flatMap((hit) => [
				history.readBackward(hit.start, contextLines, { signal, whole }),
				hit.open ? [] : history.readForward(hit.end, contextLines, { signal, whole }),
			]),
		);
		for (const around of near) {
			entries = mergeEntries(
				entries,
				around.filter(isWanted).map((line) => entryOf(line, true)),
			);
		}
		return entries;
	}

	const read =
		(direction: 'before' | 'after') =>
		async (from: LogPosition | 'start' | 'end', count: number, options: PageOptions): Promise<LogPage> => {
			// Each match brings its own lines along, so fewer of them fill the screen.
			const wanted = filter && query.context ? Math.min(count, contextPage) : count;
			const { lines: hits, reachedEdge } = await lines(direction, from, wanted, options);
			return { entries: await withContext(hits, options), reachedEdge };
		};

	return { before: read('before'), after: read('after'), around: withContext };
}
