import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { TarEntry } from '../../../../../src/runtime/storage/tar/tar-entry.ts';
import { TarParser } from '../../../../../src/runtime/storage/tar/tar-parser.ts';
import { writeTar } from '../../../../helpers/tar-writer.ts';

/** Parses, and keeps what came: entries, contents, and all bytes in order. */
function parse(chunks: readonly Buffer[]) {
	const entries: TarEntry[] = [];
	const contents: string[] = [];
	const bytes: Buffer[] = [];
	let ends = 0;
	const parser = new TarParser({
		raw: (chunk, start, end) => bytes.push(chunk.subarray(start, end)),
		entry(entry) {
			entries.push(entry);
			contents.push('');
		},
		content(chunk, start, end) {
			bytes.push(chunk.subarray(start, end));
			contents[contents.length - 1] += chunk.toString('latin1', start, end);
		},
		entryEnd: () => ends++,
	});
	for (const chunk of chunks) parser.push(chunk);
	parser.finish();
	return { entries, contents, bytes: Buffer.concat(bytes), ends };
}

const sample = writeTar([
	{ path: './', kind: 'folder' },
	{ path: 'a', content: 'x'.repeat(700), mtimeSeconds: -1.5, xattrs: { 'user.k': 'v=\n' } },
	{ path: `${'n'.repeat(120)}`, content: 'pax', uid: 3_000_000_000 },
	{ path: `${'m'.repeat(300)}`, content: '', longNames: 'gnu' },
	{ path: 'l', target: 't'.repeat(200), longNames: 'gnu' },
	{
		path: 's',
		content: 'abcd',
		sparse: {
			realBytes: 9000,
			pieces: [
				{ offset: 0, bytes: 1 },
				{ offset: 8000, bytes: 3 },
			],
		},
	},
	{
		path: 'p',
		content: 'path',
		pax: { path: 'other', size: '4', mtime: '12.000000001', 'SCHILY.devmajor': '3' },
	},
	{ path: 'c', kind: 'character', major: 1, minor: 3 },
]);

test('reads every header that there is', () => {
	const { entries, contents } = parse([sample]);
	expect(entries.map(({ type, name }) => `${type} ${name}`)).toEqual([
		'directory ./',
		'file a',
		`file ${'n'.repeat(120)}`,
		`file ${'m'.repeat(300)}`,
		'symlink l',
		'file s',
		'file other',
		'char c',
	]);
	expect(entries[1]).toMatchObject({
		mtimeSeconds: -2,
		mtimeNanos: 500_000_000,
		xattrs: [['user.k', 'v=\n']],
	});
	expect(entries[2]!.uid).toBe(3_000_000_000);
	expect(entries[4]!.linkName).toBe('t'.repeat(200));
	expect(entries[5]).toMatchObject({
		sizeBytes: 9000,
		storedBytes: 4,
		sparse: [
			{ offset: 0, lengthBytes: 1 },
			{ offset: 8000, lengthBytes: 3 },
		],
	});
	expect(entries[6]).toMatchObject({ mtimeSeconds: 12, mtimeNanos: 1, sizeBytes: 4 });
	expect(entries[7]).toMatchObject({ major: 1, minor: 3 });
	expect(contents.map((content) => content.length)).toEqual([0, 700, 3, 0, 0, 4, 4, 0]);
});

test('says the same wherever the chunks are cut, and gives every byte once', () => {
	const whole = parse([sample]);
	expect(whole.bytes.equals(sample)).toBe(true);
	const cuts = fc.array(fc.nat(sample.length), { maxLength: 12 });
	fc.assert(
		fc.property(cuts, (places) => {
			const sorted = [0, ...places.sort((a, b) => a - b), sample.length];
			const chunks = sorted.slice(1).map((end, index) => sample.subarray(sorted[index], end));
			const cut = parse(chunks);
			expect(cut.entries).toEqual(whole.entries);
			expect(cut.contents).toEqual(whole.contents);
			expect(cut.bytes.equals(sample)).toBe(true);
			expect(cut.ends).toBe(whole.entries.length);
		}),
	);
});

test('ends well between entries only', () => {
	// Each of these is whole by itself, without end blocks.
	const parts = ['a', 'b', 'c'].map((name) =>
		writeTar([{ path: name, content: name.repeat(600) }]).subarray(0, -1024),
	);
	const tar = Buffer.concat(parts);
	for (let length = 0; length <= tar.length; length += 64) {
		const cut = () => parse([tar.subarray(0, length)]);
		if (length % parts[0]!.length === 0) expect(cut().entries).toHaveLength(length / parts[0]!.length);
		else expect(cut, `${length} bytes`).toThrow('the tar ends in the middle of it');
	}
});

test('sees through a header of the wrong sum', () => {
	const damaged = Buffer.from(sample);
	damaged[2]! ^= 4;
	expect(() => parse([damaged])).toThrow('wrong checksum');
});

test('never throws anything but what it says, whatever the bytes', () => {
	fc.assert(
		fc.property(fc.nat(sample.length - 1), fc.nat(255), (at, value) => {
			const damaged = Buffer.from(sample);
			damaged[at] = value;
			try {
				parse([damaged]);
			} catch (error) {
				expect((error as Error).name).toBe('TarFormatError');
			}
		}),
	);
});
