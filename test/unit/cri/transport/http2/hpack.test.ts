import { connect } from 'node:http2';
import { duplexPair } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createFrameReader } from '../../../../../src/cri/transport/http2/frame-reader.ts';
import { clientPreface, frameTypes } from '../../../../../src/cri/transport/http2/frames.ts';
import { createHeaderBlocks } from '../../../../../src/cri/transport/http2/header-blocks.ts';
import { createHpackDecoder } from '../../../../../src/cri/transport/http2/hpack-decoder.ts';
import { encodeHeaders } from '../../../../../src/cri/transport/http2/hpack-encoder.ts';
import type { HeaderField } from '../../../../../src/cri/transport/http2/hpack-table.ts';
import { Http2ConnectionError } from '../../../../../src/cri/transport/http2/http2-error.ts';
import { createHuffmanDecoder } from '../../../../../src/cri/transport/http2/huffman.ts';
import { headerPiece } from '../../../../../src/cri/transport/http2/payloads.ts';

const huffman = createHuffmanDecoder();

function decoder(maxTableBytes = 4096, maxListBytes = 65_536) {
	const decode = createHpackDecoder({ maxTableBytes, maxListBytes, huffman });
	return (hex: string) => decode(Buffer.from(hex.replaceAll(' ', ''), 'hex'));
}

const firstRequest = [
	[':method', 'GET'],
	[':scheme', 'http'],
	[':path', '/'],
	[':authority', 'www.example.com'],
];
const secondRequest = [...firstRequest, ['cache-control', 'no-cache']];
const thirdRequest = [
	[':method', 'GET'],
	[':scheme', 'https'],
	[':path', '/index.html'],
	[':authority', 'www.example.com'],
	['custom-key', 'custom-value'],
];
const firstAnswer = [
	[':status', '302'],
	['cache-control', 'private'],
	['date', 'Mon, 21 Oct 2013 20:13:21 GMT'],
	['location', 'https://www.example.com'],
];
const secondAnswer = [[':status', '307'], ...firstAnswer.slice(1)];
const thirdAnswer = [
	[':status', '200'],
	['cache-control', 'private'],
	['date', 'Mon, 21 Oct 2013 20:13:22 GMT'],
	['location', 'https://www.example.com'],
	['content-encoding', 'gzip'],
	['set-cookie', 'foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1'],
];

describe('the examples of RFC 7541, appendix C', () => {
	test('C.2: fields of each kind', () => {
		expect(decoder()('400a 6375 7374 6f6d 2d6b 6579 0d63 7573 746f 6d2d 6865 6164 6572')).toEqual([
			['custom-key', 'custom-header'],
		]);
		expect(decoder()('040c 2f73 616d 706c 652f 7061 7468')).toEqual([[':path', '/sample/path']]);
		expect(decoder()('1008 7061 7373 776f 7264 0673 6563 7265 74')).toEqual([['password', 'secret']]);
		expect(decoder()('82')).toEqual([[':method', 'GET']]);
	});

	test('C.3 and C.4: requests one after the other, plain and Huffman-coded', () => {
		const plain = decoder();
		expect(plain('8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d')).toEqual(firstRequest);
		expect(plain('8286 84be 5808 6e6f 2d63 6163 6865')).toEqual(secondRequest);
		expect(plain('8287 85bf 400a 6375 7374 6f6d 2d6b 6579 0c63 7573 746f 6d2d 7661 6c75 65')).toEqual(
			thirdRequest,
		);
		const coded = decoder();
		expect(coded('8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff')).toEqual(firstRequest);
		expect(coded('8286 84be 5886 a8eb 1064 9cbf')).toEqual(secondRequest);
		expect(coded('8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf')).toEqual(thirdRequest);
	});

	test('C.6: answers, with a table of 256 bytes that has to forget', () => {
		const decode = decoder(256);
		expect(
			decode(
				'4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0 82a6 2d1b ff6e 919d 29ad 1718 63c7 8f0b 97c8 e9ae 82ae 43d3',
			),
		).toEqual(firstAnswer);
		expect(decode('4883 640e ffc1 c0bf')).toEqual(secondAnswer);
		expect(
			decode(
				'88c1 6196 d07a be94 1054 d444 a820 0595 040b 8166 e084 a62d 1bff c05a 839b d9ab 77ad 94e7 821d d7f2 e6c7 b335 dfdf cd5b 3960 d5af 2708 7f36 72c1 ab27 0fb5 291f 9587 3160 65c0 03ed 4ee5 b106 3d50 07',
			),
		).toEqual(thirdAnswer);
	});
});

describe('what is no header block', () => {
	test.each([
		['number 0', '80'],
		['a number of nothing', 'be'],
		['a number that is too long', 'ff8080808080808001'],
		['a string that is cut off', '400a6375'],
		['a name without a value', '4003616263'],
		['a table over the limit', '3fe21f'],
		['a table size after a field', '8220'],
		['the end of strings within one', '008441ffffffff82ffff'],
		['a padding of zeros', '0001618118'],
		['a padding of eight bits', '00016182ffff'],
	])('%s', (_what, hex) => {
		expect(() => decoder()(hex)).toThrow(Http2ConnectionError);
	});

	test('more fields than the limit, also where they are packed well', () => {
		const decode = decoder(4096, 4000);
		decode(`4001 61 7f 8a 01 ${'62'.repeat(265)}`);
		expect(() => decode('be'.repeat(100))).toThrow('more header fields');
	});

	test('any bytes at all are fields or an error of the connection', () => {
		fc.assert(
			fc.property(fc.array(fc.uint8Array({ maxLength: 80 }), { maxLength: 5 }), (blocks) => {
				const decode = createHpackDecoder({ maxTableBytes: 200, maxListBytes: 1000, huffman });
				try {
					for (const block of blocks) decode(Buffer.from(block));
				} catch (error) {
					expect(error).toBeInstanceOf(Http2ConnectionError);
				}
			}),
			{ numRuns: 2000 },
		);
	});
});

const latin1 = fc
	.array(fc.integer({ min: 0x20, max: 0xff }), { maxLength: 40 })
	.map((codes) => String.fromCharCode(...codes.filter((code) => code !== 0x7f)).trim());

test('fields that are written are read again', () => {
	const field = fc.tuple(fc.stringMatching(/^[a-z][a-z0-9-]{0,200}$/), latin1);
	fc.assert(
		fc.property(fc.array(field, { maxLength: 12 }), (fields) => {
			const decode = createHpackDecoder({ maxTableBytes: 4096, maxListBytes: 65_536, huffman });
			expect(decode(encodeHeaders(fields as HeaderField[]))).toEqual(fields);
		}),
	);
});

test("what Node's own HTTP/2 writes is read, over many requests of one connection", async () => {
	const [near, far] = duplexPair();
	const decode = createHpackDecoder({ maxTableBytes: 4096, maxListBytes: 65_536, huffman });
	const blocks = createHeaderBlocks();
	const got: Record<string, string>[] = [];
	const read = createFrameReader(16_384, (type, flags, stream, payload) => {
		const block =
			type === frameTypes.headers
				? blocks.begin(flags, stream, headerPiece(flags, payload))
				: type === frameTypes.continuation
					? blocks.continue(flags, stream, payload)
					: undefined;
		if (block !== undefined) got.push(Object.fromEntries(decode(block.bytes)));
	});
	let skip = clientPreface.length;
	far.on('data', (chunk: Buffer) => {
		const rest = chunk.subarray(Math.min(skip, chunk.length));
		skip -= chunk.length - rest.length;
		if (rest.length > 0) read(rest);
	});
	const session = connect('http://localhost', { createConnection: () => near });
	session.on('error', () => undefined);
	const name = fc.stringMatching(/^x-[a-z]{1,6}$/);
	const samples = fc.sample(fc.dictionary(name, latin1, { maxKeys: 8, noNullPrototype: true }), 90);
	for (const headers of samples) {
		const request = session.request({ ':method': 'POST', ':path': '/a', ...headers });
		request.on('error', () => undefined);
		request.end();
	}
	await expect.poll(() => got.length, { timeout: 30_000 }).toBe(samples.length);
	session.destroy();
	for (const [index, headers] of samples.entries()) {
		expect(got[index]).toMatchObject({ ':method': 'POST', ':path': '/a', ...headers });
	}
});
