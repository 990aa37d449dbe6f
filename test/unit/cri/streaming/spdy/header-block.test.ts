import { constants, inflateSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { spdyDictionary } from '../../../../../src/cri/streaming/spdy/dictionary.ts';
import { createHeaderBlockEncoder } from '../../../../../src/cri/streaming/spdy/header-block.ts';

const inflate = (bytes: Buffer) =>
	inflateSync(bytes, { dictionary: spdyDictionary, finishFlush: constants.Z_SYNC_FLUSH }).toString('latin1');

test('blocks form one zlib stream with the dictionary, each complete by itself', () => {
	const encode = createHeaderBlockEncoder();
	const first = encode({ streamType: 'error' });
	const second = encode({ streamtype: 'data', port: '80' });
	const firstText = '\0\0\0\x01\0\0\0\x0astreamtype\0\0\0\x05error';
	expect(inflate(first)).toBe(firstText);
	expect(inflate(Buffer.concat([first, second]))).toBe(
		`${firstText}\0\0\0\x02\0\0\0\x0astreamtype\0\0\0\x04data\0\0\0\x04port\0\0\0\x0280`,
	);
});

test('a reader without the dictionary is told that it needs one', () => {
	const block = createHeaderBlockEncoder()({ streamtype: 'error' });
	expect(() => inflateSync(block, { finishFlush: constants.Z_SYNC_FLUSH })).toThrow('Missing dictionary');
});

test('headers beyond one stored block are refused', () => {
	expect(() => createHeaderBlockEncoder()({ streamtype: 'x'.repeat(70_000) })).toThrow(RangeError);
});
