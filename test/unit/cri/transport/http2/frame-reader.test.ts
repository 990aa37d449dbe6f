import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createFrameReader } from '../../../../../src/cri/transport/http2/frame-reader.ts';
import { frame } from '../../../../../src/cri/transport/http2/frames.ts';
import { Http2ConnectionError } from '../../../../../src/cri/transport/http2/http2-error.ts';
import { createMessageReader } from '../../../../../src/cri/transport/http2/message-reader.ts';

/** The bytes in pieces that end anywhere. */
function pieces(bytes: Buffer, cuts: readonly number[]): readonly Buffer[] {
	const ends = [...new Set([...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length])].sort(
		(one, other) => one - other,
	);
	return ends.map((end, index) => bytes.subarray(ends[index - 1] ?? 0, end));
}

const cuts = fc.array(fc.nat(), { maxLength: 20 });

test('frames come out as they went in, however the bytes are cut', () => {
	const one = fc.tuple(
		fc.integer({ min: 0, max: 255 }),
		fc.integer({ min: 0, max: 255 }),
		fc.integer({ min: 0, max: 2 ** 31 - 1 }),
		fc.uint8Array({ maxLength: 30 }),
	);
	fc.assert(
		fc.property(fc.array(one, { maxLength: 8 }), cuts, (frames, at) => {
			const got: unknown[] = [];
			const read = createFrameReader(16_384, (type, flags, stream, payload) => {
				got.push([type, flags, stream, Uint8Array.from(payload)]);
			});
			const bytes = Buffer.concat(frames.map((parts) => frame(...parts)));
			for (const piece of pieces(bytes, at)) read(piece);
			expect(got).toEqual(frames);
		}),
	);
});

test('a frame over the limit is refused by its head alone', () => {
	const read = createFrameReader(16_384, () => undefined);
	expect(() => read(Buffer.from([0, 0x40, 1, 0, 0, 0, 0, 0, 1]))).toThrow(Http2ConnectionError);
});

test('messages come out whole, however the bytes are cut', () => {
	const message = fc.tuple(fc.boolean(), fc.uint8Array({ maxLength: 60 }));
	fc.assert(
		fc.property(fc.array(message, { maxLength: 6 }), cuts, (messages, at) => {
			const got: unknown[] = [];
			const reader = createMessageReader(100, ({ compressed, bytes }) =>
				got.push([compressed, Uint8Array.from(bytes)]),
			);
			const bytes = Buffer.concat(
				messages.flatMap(([compressed, body]) => [
					Buffer.from([compressed ? 1 : 0, 0, 0, 0, body.length]),
					body,
				]),
			);
			for (const piece of pieces(bytes, at)) reader.feed(piece);
			expect(got).toEqual(messages);
			expect(reader.atBoundary()).toBe(true);
		}),
	);
});

test('a large message comes out of small pieces, and room is made for what came only', () => {
	const body = Buffer.from(Uint8Array.from({ length: 1_000_000 }, (_, index) => index % 253));
	const got: Buffer[] = [];
	const reader = createMessageReader(2 ** 20, ({ bytes }) => got.push(bytes));
	const head = Buffer.from([0, 0, 0, 0, 0]);
	head.writeUInt32BE(body.length, 1);
	reader.feed(head);
	for (let at = 0; at < body.length; at += 999) reader.feed(body.subarray(at, at + 999));
	expect(got).toHaveLength(1);
	expect(got[0]?.equals(body)).toBe(true);
	// 64 MiB are promised by a head alone: nothing is kept for them.
	const before = process.memoryUsage().arrayBuffers;
	const readers = Array.from({ length: 100 }, () => {
		const promised = createMessageReader(2 ** 26, () => undefined);
		promised.feed(Buffer.from([0, 4, 0, 0, 0, 1]));
		return promised;
	});
	expect(readers.some((one) => one.atBoundary())).toBe(false);
	expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 ** 26);
});

test('what is no message, or too large, is refused', () => {
	const feed = (...bytes: readonly number[]) =>
		createMessageReader(100, () => undefined).feed(Buffer.from(bytes));
	expect(() => feed(2, 0, 0, 0, 0)).toThrow('a message with flags 2');
	expect(() => feed(0, 0, 0, 0, 101)).toThrow('larger than max (101 vs 100)');
});
