import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
	chmodSync,
	closeSync,
	existsSync,
	ftruncateSync,
	linkSync,
	mkdirSync,
	mkdtempSync,
	openSync,
	readdirSync,
	readFileSync,
	symlinkSync,
	unlinkSync,
	utimesSync,
	writeFileSync,
	writeSync,
} from 'node:fs';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { gunzipSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FailedPreconditionError } from '../../src/cri/errors.ts';
import { openTarSplit } from '../../src/runtime/storage/tar/tar-split-reader.ts';
import { loadLibc } from '../../src/runtime/sys/libc.ts';
import { layerFacts } from '../helpers/layer-facts.ts';
import { openPodman, type Podman, podmanRequirements } from '../helpers/podman.ts';
import { whatIsMissing } from '../helpers/requires.ts';
import { writeTar } from '../helpers/tar-writer.ts';
import { unpackRig } from '../helpers/unpack-rig.ts';

const missing = whatIsMissing('root', 'tar', 'busybox', 'python3');
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

/** A tree with whatever the oldest format can hold too. */
function makeTree(dir: string): void {
	mkdirSync(path.join(dir, 'folder/below'), { recursive: true });
	writeFileSync(path.join(dir, 'folder/file'), 'content\n'.repeat(1000));
	writeFileSync(path.join(dir, 'folder/below/block'), Buffer.alloc(512, 'b'));
	writeFileSync(path.join(dir, 'empty'), '');
	writeFileSync(path.join(dir, 'large'), Buffer.alloc(1_500_001, 'large'));
	writeFileSync(path.join(dir, '<&>"ü'), 'x');
	writeFileSync(Buffer.concat([Buffer.from(`${dir}/`), Buffer.from([0xff, 0x41])]), 'raw');
	symlinkSync('folder/file', path.join(dir, 'symlink'));
	linkSync(path.join(dir, 'folder/file'), path.join(dir, 'hardlink'));
	chmodSync(path.join(dir, 'empty'), 0o4711);
	utimesSync(path.join(dir, 'large'), 1234567890.125, 1234567890.125);
}

/** Besides, what takes extensions. */
function makeRichTree(dir: string): void {
	makeTree(dir);
	mkdirSync(path.join(dir, 'n'.repeat(150)));
	writeFileSync(path.join(dir, 'n'.repeat(150), 'm'.repeat(200)), 'long');
	symlinkSync('t'.repeat(300), path.join(dir, 'long-link'));
	const sparse = openSync(path.join(dir, 'sparse'), 'w');
	for (let index = 0; index < 40; index++) writeSync(sparse, `piece ${index}`, index * 65_536);
	ftruncateSync(sparse, 40 * 65_536);
	closeSync(sparse);
	writeFileSync(path.join(dir, 'hole'), '');
	const hole = openSync(path.join(dir, 'hole'), 'r+');
	ftruncateSync(hole, 1 << 20);
	closeSync(hole);
	loadLibc().lsetxattr(path.join(dir, 'empty'), 'user.note', Buffer.from('a\0b\n='));
}

const python = `
import tarfile, sys
with tarfile.open(sys.argv[2], "w", format=getattr(tarfile, sys.argv[3])) as t: t.add(sys.argv[1], ".")
`;

type Archiver = readonly [
	what: string,
	tree: 'plain' | 'rich',
	command: (from: string, to: string) => string[],
];
const gnu =
	(...flags: string[]) =>
	(from: string, to: string) => ['tar', ...flags, '-C', from, '-cf', to, '.'];
const archivers: readonly Archiver[] = [
	['GNU tar, v7', 'plain', gnu('--format=v7')],
	['GNU tar, oldgnu', 'rich', gnu('--format=oldgnu')],
	['GNU tar, gnu', 'rich', gnu('--format=gnu')],
	['GNU tar, gnu, sparse', 'rich', gnu('--format=gnu', '--sparse')],
	['GNU tar, ustar', 'plain', gnu('--format=ustar')],
	['GNU tar, pax, xattrs', 'rich', gnu('--format=pax', '--xattrs')],
	['GNU tar, pax, sparse 0.0', 'rich', gnu('--format=pax', '--sparse', '--sparse-version=0.0')],
	['GNU tar, pax, sparse 0.1', 'rich', gnu('--format=pax', '--sparse', '--sparse-version=0.1')],
	['GNU tar, pax, sparse 1.0', 'rich', gnu('--format=pax', '--sparse', '--sparse-version=1.0')],
	['GNU tar, a global header', 'rich', gnu('--format=pax', '--pax-option=globexthdr.name=g,comment=c')],
	['GNU tar, one block a record', 'rich', gnu('--blocking-factor=1')],
	['busybox tar', 'plain', (from, to) => ['busybox', 'tar', '-C', from, '-cf', to, '.']],
	['python, pax', 'rich', (from, to) => ['python3', '-c', python, from, to, 'PAX_FORMAT']],
	['python, gnu', 'rich', (from, to) => ['python3', '-c', python, from, to, 'GNU_FORMAT']],
];

describe.skipIf(missing)(`tars byte by byte${missing ?? ''}`, () => {
	const rig = unpackRig();
	const trees = { plain: path.join(rig.dir, 'plain'), rich: path.join(rig.dir, 'rich') };
	mkdirSync(trees.plain);
	mkdirSync(trees.rich);
	beforeAll(() => {
		makeTree(trees.plain);
		makeRichTree(trees.rich);
	});

	const archive = (command: Archiver[2], tree: string): Buffer => {
		const tarPath = path.join(rig.dir, 'archive.tar');
		const [program, ...args] = command(tree, tarPath);
		execFileSync(program!, args, { stdio: 'pipe' });
		return readFileSync(tarPath);
	};
	const reassembled = async (dir: { tarSplitPath: string; diffDir: string }): Promise<Buffer> =>
		await buffer(openTarSplit(dir.tarSplitPath, dir.diffDir));

	test.each(archivers)('%s', async (_what, tree, command) => {
		const tar = archive(command, trees[tree]);
		const attempt = await rig.prepare(gzipSync(tar));
		const unpacked = await attempt.unpack();
		expect(unpacked.diffDigest).toBe(`sha256:${sha256(tar)}`);
		expect(sha256(await reassembled(attempt.staged))).toBe(sha256(tar));
		// What came out is what went in, too.
		execFileSync('diff', ['--recursive', '--no-dereference', trees[tree], attempt.staged.diffDir]);
	});

	test.each<readonly [string, (tar: Buffer) => Buffer]>([
		['no end blocks', (tar) => tar.subarray(0, -1024)],
		['one end block', (tar) => tar.subarray(0, -512)],
		['padding to the record and beyond', (tar) => Buffer.concat([tar, Buffer.alloc(3 << 20)])],
		['padding of no whole block', (tar) => Buffer.concat([tar, Buffer.alloc(100)])],
		['nothing at all', () => Buffer.alloc(0)],
		['gzip members', (tar) => Buffer.concat([gzipSync(tar.subarray(0, 700)), gzipSync(tar.subarray(700))])],
		[
			'zstd frames, and one to be skipped',
			(tar) =>
				Buffer.concat([
					Buffer.from('502a4d18040000000102030400', 'hex').subarray(0, 12),
					zstdCompressSync(tar.subarray(0, 700)),
					zstdCompressSync(tar.subarray(700)),
				]),
		],
	])('%s', async (_what, change) => {
		const tar = writeTar([
			{ path: 'a', content: 'a'.repeat(600) },
			{ path: 'link/x', content: 'x' },
			{ path: '.wh..wh.aufs', content: 'loose content' },
			{ path: '.wh..wh.plnk/1.2', content: 'loose, too' },
			{ path: '.wh.gone', content: '' },
			{ path: 'e', content: '' },
			{ path: 'e', content: '' },
		]);
		const blob = change(tar);
		const attempt = await rig.prepare(blob);
		const unpacked = await attempt.unpack();
		expect(`sha256:${sha256(await reassembled(attempt.staged))}`).toBe(unpacked.diffDigest);
		expect(readdirSync(attempt.staged.diffDir)).not.toContain('.wh..wh.aufs');
	});

	test('names the file that is not what it was', async () => {
		const make = async () => {
			const attempt = await rig.prepare(writeTar([{ path: 'd/a', content: 'content' }]));
			await attempt.unpack();
			return attempt.staged;
		};
		const failure = async (staged: Awaited<ReturnType<typeof make>>) => {
			const error = await reassembled(staged).catch((thrown: unknown) => thrown);
			expect(error).toBeInstanceOf(FailedPreconditionError);
			return (error as Error).message;
		};
		const changed = await make();
		writeFileSync(path.join(changed.diffDir, 'd/a'), 'CONTENT');
		expect(await failure(changed)).toBe(
			'cannot read layer file "d/a": its content is not what it was when the layer was made',
		);
		const longer = await make();
		writeFileSync(path.join(longer.diffDir, 'd/a'), 'content!');
		expect(await failure(longer)).toContain('"d/a": it has 8 bytes, and had 7');
		const link = await make();
		unlinkSync(path.join(link.diffDir, 'd/a'));
		symlinkSync('/etc/passwd', path.join(link.diffDir, 'd/a'));
		expect(await failure(link)).toContain('cannot read layer file "d/a": ELOOP');
		const cut = await make();
		writeFileSync(cut.tarSplitPath, readFileSync(cut.tarSplitPath).subarray(0, -12));
		expect(await failure(cut)).toBe(`cannot read tar-split "${cut.tarSplitPath}": unexpected end of file`);
	});

	test('stops reading where nobody takes what it has read, and where it is told to', async () => {
		const attempt = await rig.prepare(
			writeTar(
				Array.from({ length: 40 }, (_, index) => ({ path: `f${index}`, content: 'x'.repeat(1 << 18) })),
			),
		);
		await attempt.unpack();
		const abort = new AbortController();
		const { tarSplitPath, diffDir } = attempt.staged;
		const stream: Readable = openTarSplit(tarSplitPath, diffDir, { signal: abort.signal });
		let bytes = 0;
		await expect(async () => {
			for await (const chunk of stream) {
				bytes += chunk.length;
				abort.abort();
			}
		}).rejects.toThrow('aborted');
		expect(bytes).toBeLessThan(2 << 20);
	});
});

const podmanMissing = whatIsMissing(...podmanRequirements, 'tar', 'busybox');

describe.skipIf(podmanMissing)(`tar-split, beside Podman's${podmanMissing ?? ''}`, () => {
	const rig = unpackRig();
	let podman: Podman;
	beforeAll(() => {
		podman = openPodman();
	});
	afterAll(() => podman.stop());

	test('writes the very lines that Podman writes', async () => {
		const tree = mkdtempSync(path.join(rig.dir, 'tree-'));
		makeTree(tree);
		const tarPath = path.join(rig.dir, 'layer.tar');
		execFileSync('tar', ['--format=pax', '--blocking-factor=2', '-C', tree, '-cf', tarPath, '.']);
		const tar = readFileSync(tarPath);
		const attempt = await rig.prepare(tar);
		await attempt.unpack();
		await podman.run('import', '--quiet', tarPath, 'localhost/unpack:1');
		const layers = path.join(podman.graphRoot, 'overlay-layers');
		const theirs = path.join(layers, `${sha256(tar)}.tar-split.gz`);
		expect(existsSync(theirs)).toBe(true);
		const lines = (file: string) =>
			gunzipSync(readFileSync(file))
				.toString('latin1')
				.split('\n')
				// Podman 4.3 ends with a segment of nothing, later ones do not.
				.filter((line) => !line.includes('"payload":"",'));
		expect(lines(attempt.staged.tarSplitPath)).toEqual(lines(theirs));
		const diffDir = path.join(podman.graphRoot, 'overlay', sha256(tar), 'diff');
		expect(sha256(await buffer(openTarSplit(theirs, diffDir)))).toBe(sha256(tar));
	});

	test('makes the very files that Podman makes', async () => {
		const tar = writeTar([
			{ path: './', kind: 'folder', mode: 0o700, uid: 5 },
			{ path: 'implied/below/file', content: 'x', mode: 0o4755, uid: 1, gid: 2 },
			{ path: 'd', kind: 'folder', mode: 0o2775, gid: 50, mtimeSeconds: 1000 },
			{ path: 'd/f', content: 'x', xattrs: { 'user.k': 'v' } },
			{ path: 'd/.wh..wh..opq', content: '' },
			{ path: 'd/.wh.gone', content: '', uid: 3 },
			{ path: 'd/hard', kind: 'hardlink', target: 'd/f' },
			{ path: 'lib', target: '/d', uid: 7 },
			{ path: 'lib/through', content: 'symlink' },
			{ path: 'null', kind: 'character', major: 1, minor: 3, mode: 0o666 },
		]);
		const attempt = await rig.prepare(tar);
		await attempt.unpack();
		const tarPath = path.join(attempt.dir, 'layer.tar');
		writeFileSync(tarPath, tar);
		await podman.run('import', '--quiet', tarPath, `localhost/unpack:${sha256(tar).slice(0, 8)}`);
		const theirs = path.join(podman.graphRoot, 'overlay', sha256(tar), 'diff');
		const sys = loadLibc();
		// When a whiteout was made is said nowhere.
		const facts = (dir: string) =>
			layerFacts(dir, sys).map((line) => (line.includes(' device 0 ') ? line.split(' device')[0] : line));
		expect(facts(attempt.staged.diffDir)).toEqual(facts(theirs));
	});
});
