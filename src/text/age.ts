import { formatDuration } from './duration.ts';

const nanosPerMs = 1_000_000n;

/**
 * Writes how long ago something was, at most 6 cells: `3d4h`. The CRI writes 0 for "never", which is `-` here.
 * `atNanos` and `nowMs` count from the epoch; the present is passed in because time is an event of the store.
 */
export function formatAge(atNanos: bigint | undefined, nowMs: number): string {
	if (atNanos === undefined || atNanos <= 0n) return '-';
	return formatDuration(nowMs - Number(atNanos / nanosPerMs));
}

/**
 * Writes how long ago something was for a sentence: `3d4h ago`, `just now`, `never`.
 */
export function formatAgo(atNanos: bigint | undefined, nowMs: number): string {
	const age = formatAge(atNanos, nowMs);
	if (age === '-') return 'never';
	return age === '0s' ? 'just now' : `${age} ago`;
}
