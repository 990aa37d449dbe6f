import { expect, test } from 'vitest';
import { parseSince } from '../../../../src/cli/logs/since.ts';

const now = Date.UTC(2026, 0, 2, 12, 0, 0);
const at = (...parts: readonly [number, number, number, number, number]) =>
	BigInt(Date.UTC(2026, 0, ...parts)) * 1_000_000n;

test.each([
	['42m', at(2, 11, 18, 0, 0)],
	['1h30m', at(2, 10, 30, 0, 0)],
	['2026-01-02T10:00:00Z', at(2, 10, 0, 0, 0)],
	['2026-01-02T10:00:00.000000001+01:00', at(2, 9, 0, 0, 0) + 1n],
	['2026-01-02T10Z', at(2, 10, 0, 0, 0)],
	['2026-01-02Z', at(2, 0, 0, 0, 0)],
	['1767348000', 1_767_348_000_000_000_000n],
	['1767348000.5', 1_767_348_000_500_000_000n],
	['2026-01-02T10:00:00', BigInt(new Date(2026, 0, 2, 10).getTime()) * 1_000_000n],
])('%s', (text, nanos) => {
	expect(parseSince(text, now)).toBe(nanos);
});

test.each(['', 'yesterday', '2026-13-01', '2026-01-02 10:00', '5 m'])('%j is refused', (text) => {
	expect(() => parseSince(text, now)).toThrow(`not "${text}"`);
});
