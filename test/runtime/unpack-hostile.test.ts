import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { InvalidArgumentError, ResourceExhaustedError } from '../../src/cri/errors.ts';
import { defaultLayerLimits, type UnpackRequest } from '../../src/runtime/storage/unpacker.ts';
import { whatIsMissing } from '../helpers/requires.ts';
import { type TarEntry, writeTar } from '../helpers/tar-writer.ts';
import { besides, unpackRig } from '../helpers/unpack-rig.ts';

const missing = whatIsMissing('root');

type Hostile = readonly [
	what: string,
	blob: () => Uint8Array,
	/** The end of `cannot unpack layer "sha256:test": …` */
	message: string,
	changes?: Partial<UnpackRequest> | undefined,
];

const tar = (...entries: readonly TarEntry[]) => writeTar(entries);
const file = (name: string, content = 'x'): TarEntry => ({ path: name, content });

/** Changes the header of the only entry, and its checksum with it. */
function patched(block: Buffer, change: (header: Buffer) => void): Buffer {
	change(block);
	block.fill(' ', 148, 156);
	const sum = block.subarray(0, 512).reduce((total, byte) => total + byte, 0);
	block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
	return block;
}

const climbs = 'a symlink in "link" leads out of the layer\'s root';

const corpus: readonly Hostile[] = [
	['..', () => tar(file('../outside')), 'entry "../outside": its name leads out of the root'],
	['.. behind a folder', () => tar(file('a/../../outside')), 'its name leads out of the root'],
	['.. behind a slash', () => tar(file('/../outside')), 'its name leads out of the root'],
	[
		'a symlink that climbs, then a file through it',
		() => tar({ path: 'link', target: '../../..' }, file('link/outside')),
		`entry "link/outside": ${climbs}`,
	],
	[
		'a chain of symlinks that climbs',
		() =>
			tar(
				{ path: 'a', kind: 'folder' },
				{ path: 'a/up', target: '..' },
				{ path: 'link', target: 'a/up/../..' },
				file('link/outside'),
			),
		climbs,
	],
	[
		'symlinks in a circle',
		() => tar({ path: 'link', target: 'back' }, { path: 'back', target: 'link' }, file('link/x')),
		'there are too many symlinks in "link"',
	],
	[
		'a symlink that is swapped after a file went through it',
		() =>
			tar({ path: 'a/', kind: 'folder' }, { path: 'link', target: 'a' }, file('link/x'), {
				path: 'link',
				target: '/etc',
			}),
		'entry "link": it occurs twice, once as a symlink that other entries went through',
	],
	[
		'a file behind a symlink of its name',
		() => tar({ path: 'link', target: '/etc/passwd' }, file('link', 'root::0:0')),
		'entry "link": it occurs twice',
	],
	['a file twice', () => tar(file('a', '1'), file('a', '2')), 'entry "a": it occurs twice'],
	['a file twice, by other names', () => tar(file('a', '1'), file('./x/../a', '2')), 'it occurs twice'],
	[
		'a file instead of a folder with files',
		() => tar(file('a/b'), file('a')),
		'entry "a": it would replace a directory that is not empty',
	],
	['a file within a file', () => tar(file('a'), file('a/b')), '"a", which it lies in, is no directory'],
	['a file as the root', () => tar(file('./')), 'entry "./": it would replace the root'],
	[
		'a hard link that climbs',
		() => tar({ path: 'a', kind: 'hardlink', target: '../../blob' }),
		'entry "a": it links to "../../blob", which is not a file within the root',
	],
	[
		'a hard link out over a symlink',
		() => tar({ path: 'link', target: '../../..' }, { path: 'a', kind: 'hardlink', target: 'link/blob' }),
		climbs,
	],
	[
		'a hard link to what the machine has',
		() => tar({ path: 'a', kind: 'hardlink', target: '/etc/passwd' }),
		'it links to "/etc/passwd", which the layer does not hold before it',
	],
	[
		'a hard link to a folder',
		() => tar({ path: 'd', kind: 'folder' }, { path: 'a', kind: 'hardlink', target: 'd' }),
		'it links to "d", which is a directory',
	],
	['a hard link to itself', () => tar({ path: 'a', kind: 'hardlink', target: 'a' }), 'it links to itself'],
	[
		'a device where none is allowed',
		() => tar({ path: 'sda', kind: 'block', major: 8 }),
		'entry "sda": it is a device, which is not allowed here',
		{ devicesAllowed: false },
	],
	[
		'a device of no kernel',
		() => tar({ path: 'c', kind: 'character', major: 5000 }),
		'there is no device 5000:0',
	],
	[
		'an owner of no kernel',
		() => tar({ ...file('a'), uid: 2 ** 32 }),
		'its owner 4294967296:0 does not exist',
	],
	['a negative owner', () => tar({ ...file('a'), gid: -1 }), 'its owner 0:-1 does not exist'],
	['an empty name', () => tar(file('')), 'it has no name'],
	['a NUL in a name', () => tar({ ...file('a'), pax: { path: 'a\0b' } }), 'a name with a NUL in it'],
	['a name of 300 bytes', () => tar(file('n'.repeat(300))), `entry "${'n'.repeat(300)}": ENAMETOOLONG`],
	['a path over PATH_MAX', () => tar(file('deep/'.repeat(1000))), 'its path is longer than 4095 bytes'],
	['a whiteout of nothing', () => tar(file('a/.wh.', '')), 'it is a whiteout of nothing'],
	['a whiteout of the folder above', () => tar(file('a/.wh...', '')), 'it is a whiteout of nothing'],
	[
		'a symlink to nothing',
		() => tar({ path: 'a', kind: 'symlink', target: '' }),
		'it is a symlink to nothing',
	],
	[
		'an unknown type',
		() => patched(tar(file('a')), (header) => header.write('V', 156)),
		'entry "a": its type "V" is unknown',
	],
	[
		'a wrong checksum',
		() => {
			const bytes = tar(file('a'));
			bytes[0]! ^= 1;
			return bytes;
		},
		'its header has a wrong checksum',
	],
	['what is no tar', () => randomBytes(4096).fill(1, 0, 8), 'its header has a wrong checksum'],
	[
		'a negative size',
		() => patched(tar(file('a')), (header) => header.fill(0xff, 124, 136)),
		'entry "a": its size is negative',
	],
	['a negative size in PAX', () => tar({ ...file('a'), pax: { size: '-1' } }), 'its size is negative'],
	[
		'a size beyond all numbers',
		() =>
			patched(tar(file('a')), (header) =>
				header.write('\x80\x7f\x7f\x7f\x7f\x7f\x7f\x7f\x7f\x7f\x7f\x7f', 124, 'latin1'),
			),
		'its header holds a number that is too large',
	],
	[
		'a PAX header of 2 MiB',
		() => tar({ ...file('a'), pax: { comment: 'c'.repeat(2 << 20) } }),
		'extended header of',
	],
	['a long name of 2 MiB', () => tar({ ...file('n'.repeat(2 << 20)), longNames: 'gnu' }), 'long name of'],
	[
		'a sparse map that overlaps',
		() =>
			tar({
				path: 'a',
				content: 'abcd',
				sparse: {
					realBytes: 9,
					pieces: [
						{ offset: 2, bytes: 2 },
						{ offset: 1, bytes: 2 },
					],
				},
			}),
		'pieces that overlap',
	],
	[
		'a sparse map beyond the end',
		() => tar({ path: 'a', content: 'ab', sparse: { realBytes: 9, pieces: [{ offset: 8, bytes: 2 }] } }),
		'pieces that overlap or lie outside the file',
	],
	['a tar cut in a header', () => tar(file('a')).subarray(0, 100), 'the tar ends in the middle of it'],
	[
		'a tar cut in a file',
		() => tar(file('a', 'x'.repeat(999))).subarray(0, 1000),
		'entry "a": the tar ends in the middle of it',
	],
	[
		'a tar cut after an extended header',
		() => tar({ ...file('a'), pax: { path: 'b' } }).subarray(0, 1024),
		'entry "b": the tar ends',
	],
	[
		'data after the end',
		() => Buffer.concat([tar(file('a')), Buffer.from('more')]),
		'the tar has data after its end',
	],
	['two tars', () => Buffer.concat([tar(file('a')), tar(file('b'))]), 'the tar has data after its end'],
	['gzip cut off', () => gzipSync(tar(file('a'))).subarray(0, -9), 'its gzip data ends too early'],
	['gzip damaged', () => gzipSync(randomBytes(4000)).fill(7, 2000, 2010), 'cannot unpack layer'],
	[
		'gzip with zeros behind',
		() => Buffer.concat([gzipSync(tar(file('a'))), Buffer.alloc(64)]),
		'its blob goes on after the end of its gzip data',
	],
	[
		'gzip with text behind',
		() => Buffer.concat([gzipSync(tar(file('a'))), Buffer.from('text')]),
		'its gzip data is damaged',
	],
	['zstd cut off', () => zstdCompressSync(tar(file('a'))).subarray(0, -9), 'its zstd data ends too early'],
	[
		'zstd with text behind',
		() => Buffer.concat([zstdCompressSync(tar(file('a'))), Buffer.from('text')]),
		'its blob goes on after the end of its zstd data',
	],
	[
		'xz',
		() => Buffer.from('fd377a585a000004e6d6b446', 'hex'),
		'its compression xz is not supported, only gzip and zstd are',
	],
	['bzip2', () => Buffer.from('BZh91AY&SY'), 'its compression bzip2 is not supported'],
	[
		'another content than promised',
		() => tar(file('a')),
		`not to its diffId sha256:${'0'.repeat(64)}`,
		{ diffId: `sha256:${'0'.repeat(64)}` },
	],
];

const bombs: readonly Hostile[] = [
	[
		'zeros without end',
		() => gzipSync(Buffer.concat([tar(file('a')), Buffer.alloc(64 << 20)])),
		'the layer is larger than the limit of 1048576 bytes once it is unpacked',
		{ limits: { ...defaultLayerLimits, maxUnpackedBytes: 1 << 20 } },
	],
	[
		'entries without end',
		() => gzipSync(tar(...Array.from({ length: 2001 }, (_, index) => file(`f${index}`, '')))),
		'entry "f2000": it has more entries than the limit of 2000',
		{ limits: { ...defaultLayerLimits, maxEntries: 2000 } },
	],
	[
		'a file of nothing but a hole',
		() => tar({ path: 'hole', content: '', sparse: { realBytes: 2 ** 50, pieces: [] } }),
		'entry "hole": with it the layer is over the limit of 68719476736 bytes',
	],
	[
		'a size over the limit',
		() => tar({ ...file('a'), pax: { size: `${2 ** 50}` } }),
		'with it the layer is over the limit',
	],
];

describe.skipIf(missing)(`hostile layers${missing ?? ''}`, () => {
	const rig = unpackRig();
	const canary = path.join(rig.dir, 'canary');
	writeFileSync(canary, 'untouched');

	const refuse = async (
		[, blob, message, changes]: Hostile,
		errorClass: typeof InvalidArgumentError | typeof ResourceExhaustedError,
	) => {
		const attempt = await rig.prepare(blob(), changes);
		const blobBefore = readFileSync(path.join(attempt.dir, 'blob'));
		const error = await attempt.unpack().then(
			() => undefined,
			(thrown: unknown) => thrown,
		);
		expect(error).toBeInstanceOf(errorClass);
		expect((error as Error).message).toMatch(/^cannot unpack layer "sha256:test": /);
		expect((error as Error).message).toContain(message);
		expect(besides(attempt)).toEqual(['blob', 'staged', 'staged/diff', 'staged/tar-split.gz']);
		expect(readFileSync(path.join(attempt.dir, 'blob'))).toEqual(blobBefore);
		expect(existsSync(path.join(rig.dir, 'outside'))).toBe(false);
		expect(readFileSync(canary, 'utf8')).toBe('untouched');
	};

	for (const hostile of corpus) test(`refuses ${hostile[0]}`, () => refuse(hostile, InvalidArgumentError));
	for (const hostile of bombs) test(`refuses ${hostile[0]}`, () => refuse(hostile, ResourceExhaustedError));

	test('a worker that refused still unpacks', async () => {
		await refuse(corpus[0]!, InvalidArgumentError);
		const attempt = await rig.prepare(tar(file('a', 'fine')));
		await attempt.unpack();
		expect(readFileSync(path.join(attempt.staged.diffDir, 'a'), 'utf8')).toBe('fine');
	});
});
