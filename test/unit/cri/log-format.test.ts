import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatLogEntry, tryParseLogEntry } from '../../../src/cri/log-format.ts';

test('an entry is read', () => {
	expect(tryParseLogEntry('2025-06-15T15:06:40.000000001Z stderr P half a line ')).toEqual({
		timestampNanos: 1_750_000_000_000_000_001n,
		stream: 'stderr',
		partial: true,
		content: 'half a line ',
	});
});

test.each([
	['2025-06-15T17:06:40.5+02:00 stdout F ', 1_750_000_000_500_000_000n],
	['2025-06-15T15:06:40Z stdout F', 1_750_000_000_000_000_000n],
	['1969-12-31T23:59:59.9Z stdout F x', -100_000_000n],
])('%s is at %s', (line, nanos) => {
	expect(tryParseLogEntry(line)?.timestampNanos).toBe(nanos);
});

test.each([
	'',
	'hello',
	'2025-06-15T15:06:40Z stdin F x',
	'2025-06-15T15:06:40Z stdout X x',
	'2025-99-15T15:06:40Z stdout F x',
])('%j is no entry', (line) => {
	expect(tryParseLogEntry(line)).toBeUndefined();
});

test('what is written is read back', () => {
	const entry = fc.record({
		timestampNanos: fc.bigInt(-(10n ** 18n), 4n * 10n ** 18n),
		stream: fc.constantFrom('stdout' as const, 'stderr' as const),
		partial: fc.boolean(),
		content: fc.string({ unit: 'binary' }),
	});
	fc.assert(
		fc.property(entry, (value) => {
			expect(tryParseLogEntry(formatLogEntry(value))).toEqual(value);
		}),
		{ numRuns: 15 },
	);
});
