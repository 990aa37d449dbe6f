import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decimalField, numericField, paxTime } from '../../../../../src/runtime/storage/tar/numbers.ts';

const field = (text: string) => numericField(Buffer.from(text, 'latin1'), 0, text.length);

test.each([
	['0000644\0', 0o644],
	['   644 \0', 0o644],
	['644     ', 0o644],
	['\0\0\0\0\0\0\0\0', 0],
	['        ', 0],
	['77777777777', 0o77777777777],
	['12\x00garbage', 0o12],
])('reads %j', (text, value) => {
	expect(field(text)).toBe(value);
});

test.each(['0000648\0', '-000644\0', '12 34   ', 'abc'])('refuses %j', (text) => {
	expect(() => field(text)).toThrow('its header holds');
});

test('reads any number in base-256', () => {
	fc.assert(
		fc.property(fc.integer({ min: Number.MIN_SAFE_INTEGER, max: Number.MAX_SAFE_INTEGER }), (value) => {
			const bytes = Buffer.alloc(12, value < 0 ? 0xff : 0);
			bytes.writeBigInt64BE(BigInt(value), 4);
			bytes[0]! |= 0x80;
			expect(numericField(bytes, 0, 12)).toBe(value);
		}),
	);
});

test('refuses a number beyond 53 bits', () => {
	const bytes = Buffer.from('800000ffffffffffffffffff', 'hex');
	expect(() => numericField(bytes, 0, 12)).toThrow('too large');
	expect(() => decimalField('99999999999999999999', 'size')).toThrow('too large');
});

test.each([
	['12', { seconds: 12, nanos: 0 }],
	['12.5', { seconds: 12, nanos: 500_000_000 }],
	['12.1234567899', { seconds: 12, nanos: 123_456_789 }],
	['-1.25', { seconds: -2, nanos: 750_000_000 }],
	['-3', { seconds: -3, nanos: 0 }],
	['-0.000000001', { seconds: -1, nanos: 999_999_999 }],
])('reads the time %s', (text, time) => {
	expect(paxTime(text, 'mtime')).toEqual(time);
});

test.each(['', 'x', '1.2.3', '1e5', '.5', '1.-5'])('refuses the time %j', (text) => {
	expect(() => paxTime(text, 'mtime')).toThrow('"mtime" is not a time');
});
