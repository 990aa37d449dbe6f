import { expect, test } from 'vitest';
import { parsePaxRecords } from '../../../../../src/runtime/storage/tar/pax-records.ts';

const parse = (text: string) => [...parsePaxRecords(Buffer.from(text, 'latin1'))];

const record = (key: string, value: string) => {
	const rest = key.length + value.length + 3;
	const length = rest + String(rest + String(rest).length).length;
	return `${length} ${key}=${value}\n`;
};

test('reads records, values with any bytes in them', () => {
	expect(parse(record('path', 'a=b') + record('SCHILY.xattr.user.x', '\0\n\xff='))).toEqual([
		['path', 'a=b'],
		['SCHILY.xattr.user.x', '\0\n\xff='],
	]);
});

test('joins the map of the sparse format that repeats its keys', () => {
	const text =
		record('GNU.sparse.offset', '0') +
		record('GNU.sparse.numbytes', '512') +
		record('GNU.sparse.offset', '4096') +
		record('GNU.sparse.numbytes', '1');
	expect(parse(text)).toEqual([['GNU.sparse.map', '0,512,4096,1']]);
	expect(() => parse(record('GNU.sparse.numbytes', '0'))).toThrow('out of order');
});

test.each([
	['no length', 'path=a\n', 'wrong length'],
	['a length beyond the end', '99 path=a\n', 'wrong length'],
	['a length that cuts', '8 path=ab\n', 'wrong length'],
	['a negative length', '-9 path=a\n', 'wrong length'],
	['no key', '5 =a\n', 'without a key'],
	['no equals sign', '7 path\n', 'without a key'],
	['a NUL in a name', record('path', 'a\0b'), 'NUL'],
])('refuses %s', (_what, text, message) => {
	expect(() => parse(text)).toThrow(message);
});
