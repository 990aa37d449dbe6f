import { formatAgo } from '../../text/age.ts';
import { formatDuration } from '../../text/duration.ts';

/** A point in time for a sentence: `2026-11-22 12:03:01 UTC (3m ago)`; undefined where it is not known. */
export function momentText(atNanos: bigint | undefined, nowMs: number): string | undefined {
	const clock = clockText(atNanos);
	return clock && `${clock} UTC (${formatAgo(atNanos, nowMs)})`;
}

/** `2026-11-22 12:03:01`, in UTC; undefined for no time, or one that no calendar has. */
export function clockText(atNanos: bigint | undefined): string | undefined {
	if (atNanos === undefined || atNanos <= 0n) return undefined;
	const date = new Date(Number(atNanos / 1_000_000n));
	return Number.isNaN(date.getTime()) ? undefined : date.toISOString().slice(0, 19).replace('T', ' ');
}

/** Time between two moments, to the tenth of a second where it was short: `0.1s`, `42s`, `3d4h`. */
export function spanText(fromNanos: bigint | undefined, toNanos: bigint | undefined): string | undefined {
	if (!fromNanos || !toNanos || toNanos < fromNanos) return undefined;
	const ms = Number((toNanos - fromNanos) / 1_000_000n);
	return ms < 10_000 ? `${(ms / 1000).toFixed(1)}s` : formatDuration(ms);
}
