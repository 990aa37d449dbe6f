import type { LogHistory } from './log-history.ts';
import type { LogLine, LogPosition } from './log-line.ts';

/** One container of a merged history. */
export type MergeSource = { readonly label: string; readonly history: LogHistory };

/** How a line is placed among those of other sources. */
export type Timed = { readonly line: LogLine; readonly nanos: bigint };

/**
 * The position of a cut through all sources. Every step along the merge moves one part forward, so the sums
 * grow with it: they order positions and tell them apart as a single history's numbers do.
 */
export function cutPosition(parts: readonly LogPosition[], pivot?: LogPosition['pivot']): LogPosition {
	const segment = parts.reduce((sum, part) => sum + part.segment, 0);
	const offset = parts.reduce((sum, part) => sum + part.offset, 0);
	return { segment, offset, parts: [...parts], pivot };
}

/** The beginning of a source. */
export function firstPosition({ history }: MergeSource): LogPosition {
	return { segment: history.segments()[0]?.id ?? 0, offset: 0 };
}

/**
 * The position in every source. One found by a filter or a search knows its own source only: the others
 * stand where the time is the same, before or after it by the order of the sources.
 * @throws Error for a position that is not from this merged history.
 */
export async function resolveParts(
	sources: readonly MergeSource[],
	position: LogPosition,
	signal: AbortSignal | undefined,
): Promise<LogPosition[]> {
	const { parts, pivot } = position;
	if (parts?.length !== sources.length) {
		throw new Error(
			`cannot read from position ${position.segment}:${position.offset}: it is not from this merged log`,
		);
	}
	if (pivot === undefined) return [...parts];
	const options = signal === undefined ? {} : { signal };
	return await Promise.all(
		sources.map(({ history }, index) => {
			if (index === pivot.source) return parts[index]!;
			const nanos = index < pivot.source ? pivot.timestampNanos + 1n : pivot.timestampNanos;
			return history.seekTime(nanos, options);
		}),
	);
}

/** Gives lines without a timestamp the time of the line before, else of the next that has one. */
export function timeLines(lines: readonly LogLine[], before: bigint | undefined): Timed[] {
	let nanos = before ?? lines.find((line) => line.timestampNanos !== undefined)?.timestampNanos ?? 0n;
	return lines.map((line) => {
		nanos = line.timestampNanos ?? nanos;
		return { line, nanos };
	});
}

/** A source's line as one of the merged history. */
export function placeLine(line: LogLine, source: MergeSource, start: LogPosition, end: LogPosition): LogLine {
	return { ...line, source: source.label, start, end };
}
