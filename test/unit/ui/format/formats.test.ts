import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatAge, formatAgo } from '../../../../src/text/age.ts';
import { formatBytes, formatBytesCompact } from '../../../../src/text/bytes.ts';
import { formatCpu } from '../../../../src/text/cpu.ts';
import { formatClock, formatDuration } from '../../../../src/text/duration.ts';
import { formatCount, formatPlural } from '../../../../src/text/numbers.ts';
import { formatPercent, formatRatio } from '../../../../src/text/percent.ts';
import { sparkline } from '../../../../src/ui/format/sparkline.ts';

test.each([
	[undefined, '-', '-'],
	[Number.NaN, '-', '-'],
	[Number.POSITIVE_INFINITY, '-', '-'],
	[0, '0 B', '0B'],
	[999, '999 B', '999B'],
	[1000, '1.0 KiB', '1.0K'],
	[1023, '1.0 KiB', '1.0K'],
	[10_189, '10 KiB', '10K'],
	[1_503_238_554, '1.4 GiB', '1.4G'],
	[999n * 1024n ** 3n, '999 GiB', '999G'],
	[1_048_000, '1.0 MiB', '1.0M'],
	[-1_503_238_554, '-1.4 GiB', '-1.4G'],
	[2n ** 64n, '16 EiB', '16E'],
	[1e30, '>999 EiB', '>999E'],
] as const)('bytes %s', (bytes, long, compact) => {
	expect(formatBytes(bytes)).toBe(long);
	expect(formatBytesCompact(bytes)).toBe(compact);
});

const s = 1000;
const m = 60 * s;
const h = 60 * m;
const d = 24 * h;
test.each([
	[undefined, '-'],
	[Number.NaN, '-'],
	[-5 * s, '0s'],
	[999, '0s'],
	[119 * s, '119s'],
	[2 * m, '2m'],
	[5 * m + 30 * s, '5m30s'],
	[10 * m + 59 * s, '10m'],
	[3 * h - 1, '179m'],
	[7 * h + 59 * m, '7h59m'],
	[47 * h, '47h'],
	[3 * d + 4 * h, '3d4h'],
	[8 * d + 4 * h, '8d'],
	[729 * d, '729d'],
	[2 * 365 * d + 35 * d, '2y35d'],
	[8 * 365 * d, '8y'],
	[Number.MAX_VALUE, '>9999y'],
])('duration %s', (ms, text) => {
	expect(formatDuration(ms)).toBe(text);
});

test('clock of something watched', () => {
	expect([undefined, -1, 7 * s, 754 * s, 3723 * s, 100 * h].map(formatClock)).toEqual([
		'-',
		'0:00',
		'0:07',
		'12:34',
		'1:02:03',
		'100:00:00',
	]);
});

test('age counts from nanoseconds, and 0 means never', () => {
	const now = 1_700_000_000_000;
	const at = (agoMs: number) => BigInt(now - agoMs) * 1_000_000n + 999_999n;
	expect(formatAge(at(3 * d + 4 * h), now)).toBe('3d4h');
	expect(formatAge(0n, now)).toBe('-');
	expect(formatAge(undefined, now)).toBe('-');
	expect(formatAge(at(-60 * s), now)).toBe('0s');
	expect(formatAgo(at(13 * s), now)).toBe('13s ago');
	expect(formatAgo(at(0), now)).toBe('just now');
	expect(formatAgo(0n, now)).toBe('never');
});

test.each([
	[undefined, '-'],
	[Number.NaN, '-'],
	[-3, '0m'],
	[0.2, '<1m'],
	[250, '250m'],
	[999.4, '999m'],
	[999.6, '1.0'],
	[1500, '1.5'],
	[9960, '10'],
	[128_000, '128'],
	[1e12, '>99k'],
])('cpu %s', (millicores, text) => {
	expect(formatCpu(millicores)).toBe(text);
});

test.each([
	[undefined, '-'],
	[Number.NaN, '-'],
	[-1, '0%'],
	[0.04, '<0.1%'],
	[0.4, '0.4%'],
	[0.99, '0.9%'],
	[37.4, '37%'],
	[99.9, '99%'],
	[100, '100%'],
	[250.4, '250%'],
	[1e9, '>999%'],
])('percent %s', (percent, text) => {
	expect(formatPercent(percent)).toBe(text);
});

test('ratio is a percentage of one', () => {
	expect(formatRatio(0.25)).toBe('25%');
	expect(formatRatio(undefined)).toBe('-');
});

test.each([
	[undefined, '-'],
	[Number.NaN, '-'],
	[0, '0'],
	[999, '999'],
	[1000, '1.0k'],
	[12_345, '12.3k'],
	[99_960, '100k'],
	[-12_345, '-12k'],
	[123_456_789n, '123M'],
	[2n ** 80n, '>999E'],
] as const)('count %s', (count, text) => {
	expect(formatCount(count)).toBe(text);
});

test('plural', () => {
	expect([formatPlural(1, 'pod'), formatPlural(0, 'pod'), formatPlural(2, 'entry', 'entries')]).toEqual([
		'1 pod',
		'0 pods',
		'2 entries',
	]);
});

test('no number is wider than its column', () => {
	fc.assert(
		fc.property(fc.oneof(fc.double(), fc.integer(), fc.bigInt()), (value) => {
			expect(formatBytesCompact(value).length).toBeLessThanOrEqual(5);
			expect(formatCount(value).length).toBeLessThanOrEqual(5);
			expect(formatDuration(Number(value)).length).toBeLessThanOrEqual(6);
			expect(formatCpu(Number(value)).length).toBeLessThanOrEqual(5);
			expect(formatPercent(Number(value)).length).toBeLessThanOrEqual(5);
		}),
	);
});

test('sparkline: newest right, blanks for what is not known', () => {
	expect(sparkline([0, 1, 2, 3, 4, 5, 6, 7], { widthCells: 8 })).toBe('▁▂▃▄▅▆▇█');
	expect(sparkline([0, 1, 2, 3, 4, 5, 6, 7], { widthCells: 8, ascii: true })).toBe(' .:-=+*#');
	expect(sparkline([0, 1, 2, 3, 4, 5, 6, 7], { widthCells: 3 })).toBe('▆▇█');
	expect(sparkline([1], { widthCells: 3 })).toBe('  █');
	expect(sparkline([0, undefined, Number.NaN, 7], { widthCells: 4 })).toBe('▁  █');
	expect(sparkline([0, 0, 0], { widthCells: 3 })).toBe('▁▁▁');
	expect(sparkline([1, 200], { widthCells: 2, max: 100 })).toBe('▂█');
	expect(sparkline([-5, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 5], { widthCells: 4 })).toBe(
		'▁█▁█',
	);
	expect(sparkline([], { widthCells: 2 })).toBe('  ');
	expect(sparkline([1], { widthCells: -1 })).toBe('');
	expect(sparkline([1], { widthCells: Number.NaN })).toBe('');
});
