import { expect, test } from 'vitest';
import { readCallHeaders } from '../../../../../src/cri/transport/http2/call-headers.ts';
import { createHpackDecoder } from '../../../../../src/cri/transport/http2/hpack-decoder.ts';
import { encodeHeaders } from '../../../../../src/cri/transport/http2/hpack-encoder.ts';
import { createHuffmanDecoder } from '../../../../../src/cri/transport/http2/huffman.ts';
import { createKnownCalls } from '../../../../../src/cri/transport/http2/known-calls.ts';
import { callFields } from './raw-client.ts';

/** As a connection reads: what is known is not decoded. */
function reader() {
	const known = createKnownCalls();
	let decoded = 0;
	const decode = createHpackDecoder({
		maxTableBytes: 4096,
		maxListBytes: 65_536,
		huffman: createHuffmanDecoder(),
		onChange: known.changed,
	});
	const read = (block: Buffer) => {
		const before = known.find(block);
		if (before !== undefined) return before;
		known.decoding();
		decoded += 1;
		return known.keep(block, readCallHeaders(decode(block)));
	};
	return { read, decoded: () => decoded };
}

/** A literal that the decoder is to remember. Source: RFC 7541 section 6.2.1 */
function remembered(name: string, value: string): Buffer {
	const text = (one: string) => Buffer.concat([Buffer.from([one.length]), Buffer.from(one)]);
	return Buffer.concat([Buffer.from([0x40]), text(name), text(value)]);
}

const version = encodeHeaders(callFields('RuntimeService/Version'));
const status = encodeHeaders(callFields('RuntimeService/Status'));
/** Field 62: what was remembered last. */
const last = Buffer.from([0x80 | 62]);

test('a block that comes again is decoded once, and is not mixed up with one of its length', () => {
	const { read, decoded } = reader();
	const block = Buffer.from(version);
	const other = encodeHeaders(callFields('RuntimeService/Versiom'));
	const first = read(block);
	expect(first.path).toBe('/runtime.v1.RuntimeService/Version');
	// What was read is overwritten by what comes next.
	block.fill(0);
	expect(read(Buffer.from(version))).toBe(first);
	expect(read(status).path).toBe('/runtime.v1.RuntimeService/Status');
	expect(read(other).path).toBe('/runtime.v1.RuntimeService/Versiom');
	expect(decoded()).toBe(3);
	expect(read(version)).toBe(first);
	expect(decoded()).toBe(3);
});

test('what the decoder learns changes what a block means', () => {
	const { read, decoded } = reader();
	const learning = (value: string) => Buffer.concat([version, remembered('grpc-timeout', value)]);
	const asking = Buffer.concat([version, last]);
	expect(read(learning('1S')).timeoutMs).toBe(1000);
	expect(read(asking).timeoutMs).toBe(1000);
	expect(read(asking).timeoutMs).toBe(1000);
	expect(decoded()).toBe(2);
	expect(read(learning('2S')).timeoutMs).toBe(2000);
	expect(read(asking).timeoutMs).toBe(2000);
	// One that teaches is decoded each time, since it teaches each time.
	expect(read(learning('3S')).timeoutMs).toBe(3000);
	expect(read(learning('2S')).timeoutMs).toBe(2000);
	expect(read(learning('3S')).timeoutMs).toBe(3000);
	expect(read(asking).timeoutMs).toBe(3000);
	// A table of no size forgets all of it: the block is none any more.
	read(Buffer.concat([Buffer.from([0x20]), version]));
	expect(() => read(asking)).toThrow('no field 62');
});

test('only the last few are known, and only small ones', () => {
	const { read, decoded } = reader();
	const numbered = (index: number) => encodeHeaders(callFields(`RuntimeService/Rpc${index}`));
	for (let index = 0; index < 9; index += 1) read(numbered(index));
	read(numbered(8));
	read(numbered(1));
	expect(decoded()).toBe(9);
	read(numbered(0));
	expect(decoded()).toBe(10);
	const long = encodeHeaders(callFields('RuntimeService/Version', ['x-long', 'x'.repeat(300)]));
	read(long);
	read(long);
	expect(decoded()).toBe(12);
});
