import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Crc64, wordsOf } from '../../../../../src/runtime/storage/tar/crc64.ts';

/** The definition, bit by bit. */
function reference(bytes: Uint8Array): string {
	let crc = 0xffffffffffffffffn;
	for (const byte of bytes) {
		crc ^= BigInt(byte);
		for (let bit = 0; bit < 8; bit++) crc = (crc >> 1n) ^ (crc & 1n ? 0xd800000000000000n : 0n);
	}
	return (crc ^ 0xffffffffffffffffn).toString(16).padStart(16, '0');
}

function ours(pieces: readonly Uint8Array[]): string {
	const crc = new Crc64();
	for (const piece of pieces) {
		const { bytes, words } = wordsOf(Buffer.from(piece));
		crc.update(bytes, words, 0, piece.length);
	}
	return crc.digest().toString('hex');
}

test('agrees with the check values of Go', () => {
	expect(ours([Buffer.from('123456789')])).toBe('b90956c775a41001');
	expect(ours([])).toBe('0000000000000000');
	expect(ours([Buffer.from('a')])).toBe('3420000000000000');
});

test('agrees with the definition, however the bytes are cut', () => {
	fc.assert(
		fc.property(fc.array(fc.uint8Array({ maxLength: 70 }), { maxLength: 6 }), (pieces) => {
			expect(ours(pieces)).toBe(reference(Buffer.concat(pieces)));
		}),
	);
});

test('sums a part of a chunk from any place to any place', () => {
	fc.assert(
		fc.property(fc.uint8Array({ maxLength: 64 }), fc.nat(64), fc.nat(64), (content, a, b) => {
			const start = Math.min(a, b, content.length);
			const end = Math.min(Math.max(a, b), content.length);
			const { bytes, words } = wordsOf(Buffer.from(content));
			const crc = new Crc64();
			crc.update(bytes, words, start, end);
			expect(crc.digest().toString('hex')).toBe(reference(content.subarray(start, end)));
		}),
	);
});
