import { describe, expect, test } from 'vitest';
import { parseTimeQuery } from '../../../../src/ui/format/time-query.ts';

/** A Sunday, by the clock on the wall: what is parsed has no zone, and neither has this. */
const now = new Date(2026, 10, 22, 12, 30, 15);
const nowMs = now.getTime();

function wall(year: number, month: number, day: number, hours = 0, minutes = 0, seconds = 0): Date {
	return new Date(year, month - 1, day, hours, minutes, seconds);
}

function parsed(text: string): Date {
	return new Date(Number(parseTimeQuery(text, nowMs) / 1_000_000n));
}

describe('a time typed by a person', () => {
	test.each([
		['5m', 5 * 60],
		['90s', 90],
		['1h30m', 5400],
		['-2d', 2 * 86_400],
		['1w', 7 * 86_400],
		['10 m ago', 600],
		['0.5h', 1800],
		['now', 0],
	])('%s is so long ago', (text, seconds) => {
		expect(nowMs - parsed(text).getTime()).toBe(seconds * 1000);
	});

	test.each([
		['12:30', wall(2026, 11, 22, 12, 30)],
		['9:05', wall(2026, 11, 22, 9, 5)],
		['12:30:15', wall(2026, 11, 22, 12, 30, 15)],
		// Still to come today: it was yesterday.
		['14:03', wall(2026, 11, 21, 14, 3)],
		['today 14:03', wall(2026, 11, 22, 14, 3)],
		['yesterday', wall(2026, 11, 21)],
		['Yesterday 14:00', wall(2026, 11, 21, 14)],
		['sun 8:00', wall(2026, 11, 22, 8)],
		['sun 18:00', wall(2026, 11, 15, 18)],
		['friday', wall(2026, 11, 20)],
		['Nov 20 23:15:01', wall(2026, 11, 20, 23, 15, 1)],
		['24 dec 18:00', wall(2025, 12, 24, 18)],
		['2026-02-03', wall(2026, 2, 3)],
		['2026-02-03 4:05', wall(2026, 2, 3, 4, 5)],
		['2026-02-03T04:05', wall(2026, 2, 3, 4, 5)],
	])('%s is by the clock on the wall', (text, expected) => {
		expect(parsed(text)).toEqual(expected);
	});

	test.each([
		['2026-02-03T04:05:06Z', '2026-02-03T04:05:06.000Z'],
		['2026-02-03T04:05:06.123456789+02:00', '2026-02-03T02:05:06.123Z'],
		['1750000000', '2025-06-15T15:06:40.000Z'],
		['1750000000123', '2025-06-15T15:06:40.123Z'],
		['1750000000123456789', '2025-06-15T15:06:40.123Z'],
	])('%s has its own zone', (text, expected) => {
		expect(parsed(text).toISOString()).toBe(expected);
	});

	test.each(['', 'soon', '25:00', '12:60', '5', '5x', 'foo 3', '2026-13-45T99:00'])(
		'%j is refused',
		(text) => {
			expect(() => parseTimeQuery(text, nowMs)).toThrow(/is no time/u);
		},
	);
});
