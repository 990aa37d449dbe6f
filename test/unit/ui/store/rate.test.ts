import { expect, test } from 'vitest';
import { bytesPerSecond, type Rate, sampled } from '../../../../src/ui/store/rate.ts';

/** Counts `perSecond` more each second, told every `everyMs`. */
function counted(perSecond: number, untilMs: number, everyMs: number): Rate {
	let rate: Rate = [];
	for (let atMs = 0; atMs <= untilMs; atMs += everyMs)
		rate = sampled(rate, atMs, Math.round((perSecond * atMs) / 1000));
	return rate;
}

test('tells a steady rate, however often it is counted, and remembers little', () => {
	for (const everyMs of [10, 250, 1_000]) {
		const rate = counted(1_000_000, 60_000, everyMs);
		expect(bytesPerSecond(rate, 60_000)).toBeCloseTo(1_000_000, -4);
		expect(rate.length).toBeLessThan(20);
	}
});

test('says nothing before there is something to go by', () => {
	expect(bytesPerSecond([], 1_000)).toBeUndefined();
	expect(bytesPerSecond(sampled([], 1_000, 5), 1_000)).toBeUndefined();
	expect(bytesPerSecond(sampled(sampled([], 1_000, 0), 1_100, 100), 1_100)).toBeUndefined();
});

test('falls when nothing comes, to 0 in the end', () => {
	const rate = counted(1_000_000, 10_000, 500);
	const steady = bytesPerSecond(rate, 10_000) ?? 0;
	const stalling = bytesPerSecond(rate, 13_000) ?? 0;
	expect(stalling).toBeLessThan(steady * 0.7);
	expect(bytesPerSecond(rate, 17_000)).toBe(0);
});

test('begins anew where a transfer is tried again, and never falls below 0', () => {
	const rate = sampled(counted(1_000_000, 10_000, 500), 10_500, 0);
	expect(rate).toEqual([{ atMs: 10_500, bytes: 0 }]);
	expect(bytesPerSecond(sampled(rate, 11_500, 2_000), 11_500)).toBe(2_000);
});

test('a clock that goes back breaks nothing', () => {
	expect(bytesPerSecond(counted(1_000, 5_000, 500), 0)).toBeCloseTo(1_000, -1);
});
