import { describe, expect, test } from 'vitest';
import {
	formatDelta,
	formatNanosIso,
	formatTimestamp,
	timestampCells,
	timestampModes,
} from '../../../src/text/time-stamp.ts';

const nanos = BigInt(Date.UTC(2026, 10, 2, 4, 5, 6, 78)) * 1_000_000n + 12_345n;

describe('the time of a line', () => {
	test('in UTC, with and without its day', () => {
		expect(formatTimestamp(nanos, 'utc', { withDate: false })).toBe('04:05:06.078Z');
		expect(formatTimestamp(nanos, 'utc', { withDate: true })).toBe('Nov 02 04:05:06.078Z');
	});

	test('local time is that of the process', () => {
		const date = new Date(Number(nanos / 1_000_000n));
		const hours = String(date.getHours()).padStart(2, '0');
		expect(formatTimestamp(nanos, 'local', { withDate: false }).slice(0, 2)).toBe(hours);
	});

	test('always fills its cells, also when a line has none', () => {
		for (const mode of timestampModes) {
			for (const withDate of [false, true]) {
				const cells = timestampCells(mode, withDate);
				expect(formatTimestamp(nanos, mode, { withDate }).length).toBe(cells);
				expect(formatTimestamp(undefined, mode, { withDate })).toBe(' '.repeat(cells));
			}
		}
	});

	test.each([
		[12_000_000n, '+0.012s'],
		[0n, '+0.000s'],
		[12_345_000_000n, '+12.35s'],
		[330_000_000_000n, '+5m30s'],
		[-500_000_000n, '-0.500s'],
		[10_000_000_000n, '+10.00s'],
	])('a delta of %d ns', (delta, expected) => {
		expect(formatDelta(delta)).toBe(expected);
		expect(formatTimestamp(nanos + delta, 'delta', { withDate: true, previousNanos: nanos }).trim()).toBe(
			expected,
		);
	});

	test('in full to the nanosecond', () => {
		expect(formatNanosIso(nanos)).toBe('2026-11-02T04:05:06.078012345Z');
	});
});
