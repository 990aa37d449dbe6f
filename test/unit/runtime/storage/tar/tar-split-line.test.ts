import { expect, test } from 'vitest';
import { fileLine, segmentLine } from '../../../../../src/runtime/storage/tar/tar-split-line.ts';

const bytes = (text: string) => Buffer.from(text, 'utf8').toString('latin1');

test('writes what Go writes', () => {
	expect(segmentLine('AAAA', 0)).toBe('{"type":2,"payload":"AAAA","position":0}\n');
	expect(fileLine('a/', undefined, 1)).toBe('{"type":1,"name":"a/","payload":null,"position":1}\n');
	expect(fileLine('a', { sizeBytes: 3, crc: Buffer.alloc(8) }, 2)).toBe(
		'{"type":1,"name":"a","size":3,"payload":"AAAAAAAAAAA=","position":2}\n',
	);
});

test('escapes as Go does, and keeps other text', () => {
	expect(fileLine(bytes('<a>&"\\\n\x01é\u2028'), undefined, 0)).toBe(
		bytes(
			'{"type":1,"name":"\\u003ca\\u003e\\u0026\\"\\\\\\n\\u0001é\\u2028","payload":null,"position":0}\n',
		),
	);
});

test('puts a name that is no UTF-8 into name_raw', () => {
	expect(fileLine('a\xff', undefined, 0)).toBe('{"type":1,"name_raw":"Yf8=","payload":null,"position":0}\n');
});
