import { formatDuration } from './duration.ts';

/** How the time of a log line is written. `delta` is the time since the line before. */
export type TimestampMode = 'off' | 'local' | 'utc' | 'delta';

/** The modes in the order in which a key goes through them. */
export const timestampModes: readonly TimestampMode[] = ['off', 'local', 'utc', 'delta'];

const nanosPerMs = 1_000_000n;
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

function two(value: number): string {
	return String(value).padStart(2, '0');
}

/** Hours to milliseconds: `14:03:20.123`. Milliseconds since the epoch in, the zone of the process unless `utc`. */
export function formatClockTime(ms: number, utc: boolean): string {
	const date = new Date(ms);
	const parts = utc
		? [date.getUTCHours(), date.getUTCMinutes(), date.getUTCSeconds()]
		: [date.getHours(), date.getMinutes(), date.getSeconds()];
	return `${parts.map(two).join(':')}.${String(date.getUTCMilliseconds()).padStart(3, '0')}`;
}

/** Day and month: `Nov 22`. Milliseconds since the epoch in, the zone of the process unless `utc`. */
export function formatDay(ms: number, utc: boolean): string {
	const date = new Date(ms);
	const month = utc ? date.getUTCMonth() : date.getMonth();
	return `${months[month]} ${two(utc ? date.getUTCDate() : date.getDate())}`;
}

/** Cells that `formatTimestamp` fills in a mode, always the same so that lines stay aligned; 0 when off. */
export function timestampCells(mode: TimestampMode, withDate: boolean): number {
	if (mode === 'off') return 0;
	if (mode === 'delta') return 8;
	return (withDate ? 19 : 12) + (mode === 'utc' ? 1 : 0);
}

/**
 * The time of a log line, exactly `timestampCells` wide; blank for a line that has none.
 * @param previousNanos time of the line before, for `delta`.
 */
export function formatTimestamp(
	nanos: bigint | undefined,
	mode: TimestampMode,
	options: { readonly withDate: boolean; readonly previousNanos?: bigint | undefined },
): string {
	const cells = timestampCells(mode, options.withDate);
	if (nanos === undefined || mode === 'off') return ' '.repeat(cells);
	if (mode === 'delta') {
		const { previousNanos } = options;
		return (previousNanos === undefined ? '' : formatDelta(nanos - previousNanos)).padStart(cells);
	}
	const ms = Number(nanos / nanosPerMs);
	const utc = mode === 'utc';
	const day = options.withDate ? `${formatDay(ms, utc)} ` : '';
	return `${day}${formatClockTime(ms, utc)}${utc ? 'Z' : ''}`;
}

/** Time between two lines, at most 8 cells: `+0.012s`, `+12.34s`, `+5m30s`; a clock set back shows as `-0.5s`. */
export function formatDelta(nanos: bigint): string {
	const ms = Number(nanos / nanosPerMs);
	const sign = ms < 0 ? '-' : '+';
	const span = Math.abs(ms);
	if (span < 10_000) return `${sign}${(span / 1000).toFixed(3)}s`;
	if (span < 100_000) return `${sign}${(span / 1000).toFixed(2)}s`;
	return `${sign}${formatDuration(span)}`;
}

/** A time in full, for one line under inspection: `2026-11-22T14:03:20.123456789Z`. */
export function formatNanosIso(nanos: bigint): string {
	const seconds = new Date(Number(nanos / nanosPerMs)).toISOString().slice(0, 19);
	return `${seconds}.${String(nanos % 1_000_000_000n).padStart(9, '0')}Z`;
}
