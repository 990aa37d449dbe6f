import { constants, createDeflate } from 'node:zlib';
import { expect, test } from 'vitest';
import { spdyDictionary } from '../../../../../src/cri/streaming/spdy/dictionary.ts';
import { createHeaderBlockEncoder } from '../../../../../src/cri/streaming/spdy/header-block.ts';
import { createHeaderBlockDecoder } from '../../../../../src/cri/streaming/spdy/header-decoder.ts';

/** What Go's and Node's clients do: one deflater for the connection, flushed behind each block. */
function createRealEncoder(level = 9) {
	const deflate = createDeflate({ dictionary: spdyDictionary, level });
	const chunks: Buffer[] = [];
	deflate.on('data', (chunk: Buffer) => chunks.push(chunk));
	return (headers: Readonly<Record<string, string>>) =>
		new Promise<Buffer>((resolve) => {
			const parts = [word(Object.keys(headers).length)];
			for (const text of Object.entries(headers).flat()) parts.push(word(text.length), Buffer.from(text));
			deflate.write(Buffer.concat(parts));
			deflate.flush(constants.Z_SYNC_FLUSH, () => resolve(Buffer.concat(chunks.splice(0))));
		});
}

function word(value: number): Buffer {
	const bytes = Buffer.alloc(4);
	bytes.writeUInt32BE(value);
	return bytes;
}

test.each([1, 6, 9])('hundreds of blocks of one real deflater of level %i are read', async (level) => {
	const encode = createRealEncoder(level);
	const decode = createHeaderBlockDecoder();
	for (let index = 0; index < 800; index++) {
		const headers = {
			streamtype: index % 2 ? 'data' : 'error',
			port: '80',
			requestid: `${index}`,
			filler: `${Math.sin(index)}`,
		};
		expect(Object.fromEntries(decode(await encode(headers)))).toEqual(headers);
	}
});

test('our own blocks are read, and names come in lower case', () => {
	const encode = createHeaderBlockEncoder();
	const decode = createHeaderBlockDecoder();
	expect([...decode(encode({ StreamType: 'error' }))]).toEqual([['streamtype', 'error']]);
	expect([...decode(encode({}))]).toEqual([]);
});

test('what is no header block is an error, not a surprise', async () => {
	const good = await createRealEncoder()({ a: 'b' });
	const bad = (bytes: Uint8Array) => () => createHeaderBlockDecoder()(bytes);
	expect(bad(Buffer.alloc(0))).toThrow('not compressed');
	expect(bad(Buffer.from('GET / HTTP/1.1'))).toThrow('not compressed');
	for (let length = 0; length < good.length; length++)
		expect(bad(good.subarray(0, Math.min(length, 10)))).toThrow();
	const lying = createHeaderBlockEncoder()({ a: 'b' });
	lying.writeUInt32BE(0xfffffff0, 11 + 4);
	expect(bad(lying)).toThrow();
});

test('a block that inflates to megabytes is refused', async () => {
	const bomb = await createRealEncoder()({ a: 'x'.repeat(10 << 20) });
	expect(bomb.length).toBeLessThan(100_000);
	expect(() => createHeaderBlockDecoder()(bomb)).toThrow();
});
