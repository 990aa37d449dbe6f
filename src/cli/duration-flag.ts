import { UsageError } from './usage-error.ts';

const unitsMs: Readonly<Record<string, number>> = {
	ns: 1e-6,
	us: 1e-3,
	µs: 1e-3,
	ms: 1,
	s: 1000,
	m: 60_000,
	h: 3_600_000,
};

/**
 * Reads a duration as Go writes it, `1m30s` or `500ms`; a bare number is seconds.
 * @param written the flag, for the error
 * @returns milliseconds, never negative
 * @throws UsageError that quotes the value.
 * Source: pkg.go.dev/time#ParseDuration.
 */
export function parseDurationMs(text: string, written: string): number {
	if (/^\d+(?:\.\d+)?$/u.test(text)) return Number(text) * 1000;
	const parts = [...text.matchAll(/(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h)/gu)];
	if (text === '' || parts.map(([part]) => part).join('') !== text) {
		throw new UsageError(`flag ${written} is a duration such as 30s or 2m, not "${text}"`);
	}
	return parts.reduce((sum, [, number, unit]) => sum + Number(number) * (unitsMs[unit ?? ''] ?? 0), 0);
}
