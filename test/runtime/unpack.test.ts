import { execFileSync } from 'node:child_process';
import {
	lchownSync,
	lstatSync,
	mkdirSync,
	readdirSync,
	readFileSync,
	readlinkSync,
	rmSync,
	writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { gunzipSync, gzipSync, zstdCompressSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { loadLibc } from '../../src/runtime/sys/libc.ts';
import { layerFacts } from '../helpers/layer-facts.ts';
import { whatIsMissing } from '../helpers/requires.ts';
import { type TarEntry, writeTar } from '../helpers/tar-writer.ts';
import { unpackRig } from '../helpers/unpack-rig.ts';

const missing = whatIsMissing('root', 'tar');
const characterDevice = 0o020000;

const component = fc.oneof(
	fc.constantFrom<string>('bin', 'etc', 'lib', 'a b', '-dash', '"quote', 'new\nline', 'ü', '.hidden', '..x'),
	fc.constantFrom('n'.repeat(120), 'm'.repeat(255)),
	fc.constant('raw'),
);
const mode = fc.constantFrom(0o644, 0o600, 0o755, 0o4755, 0o2711, 0o6777, 0o1777, 0, 0o666, 0o002);
const owner = fc.constantFrom(0, 0, 1, 1000, 65534, 2_000_000, 3_000_000_000);
const mtime = fc.oneof(
	fc.constantFrom(0, 1, 1_700_000_000, 2 ** 31, 8_589_934_592, -1, -86_400, 1.5, 1_700_000_000.25, -1.75),
	fc.integer({ min: 0, max: 2 ** 31 }),
);
const capability = Buffer.from('0100000200040000000000000000000000000000', 'hex');
const common = fc.record({ mode, uid: owner, gid: owner, mtimeSeconds: mtime });
const leaf = fc.oneof(
	fc.record({
		kind: fc.constant('file' as const),
		content: fc.oneof(
			fc.uint8Array({ maxLength: 1500 }),
			fc.nat(300_000).map((length) => new Uint8Array(length).fill(length % 251)),
		),
		xattrs: fc.constantFrom<Record<string, Buffer>>(
			{},
			{ 'user.k': Buffer.from('v\0=\n\xff', 'latin1') },
			{ 'security.capability': capability },
		),
	}),
	fc.record({
		kind: fc.constant('symlink' as const),
		target: fc.constantFrom('x', '/etc/passwd', '../../..', 'bin', `${'t'.repeat(150)}`, 'ü'),
	}),
	fc.record({ kind: fc.constant('fifo' as const) }),
	fc.record({
		kind: fc.constantFrom('character' as const, 'block' as const),
		major: fc.integer({ min: 1, max: 4095 }),
		minor: fc.nat(0xfffff),
	}),
	fc.record({ kind: fc.constant('whiteout' as const) }),
	fc.record({ kind: fc.constant('hardlink' as const) }),
);
const layers = fc.array(
	fc.record({
		folder: fc.array(component, { maxLength: 2 }),
		name: component,
		common,
		leaf,
		folderEntry: fc.boolean(),
		opaque: fc.integer({ min: 0, max: 9 }).map((value) => value === 0),
	}),
	{ maxLength: 12 },
);
type Layer = typeof layers extends fc.Arbitrary<infer Value> ? Value : never;

/** Entries without duplicates, folders before what is in them, links after what they link to. */
function entriesOf(layer: Layer): TarEntry[] {
	const entries: TarEntry[] = [];
	const taken = new Map<string, 'folder' | 'leaf'>();
	let linkable: TarEntry | undefined;
	for (const [index, { folder, name, common, leaf, folderEntry, opaque }] of layer.entries()) {
		const folders = folder.map((_, depth) => folder.slice(0, depth + 1).join('/'));
		const inside = folders.at(-1);
		const whole = inside === undefined ? name : `${inside}/${name}`;
		if (folders.some((one) => taken.get(one) === 'leaf') || taken.has(whole)) continue;
		for (const one of folders) {
			if (folderEntry && !taken.has(one)) entries.push({ ...common, path: one, kind: 'folder' });
			taken.set(one, 'folder');
		}
		if (opaque && inside !== undefined && !taken.has(`${inside}/.wh..wh..opq`)) {
			taken.set(`${inside}/.wh..wh..opq`, 'leaf');
			entries.push({ path: `${inside}/.wh..wh..opq`, content: '' });
		}
		taken.set(whole, 'leaf');
		const named = { ...common, path: name === 'raw' ? rawName(inside, index) : whole };
		if (leaf.kind === 'whiteout') {
			if (Buffer.byteLength(name) > 250) continue;
			const hidden = inside === undefined ? `.wh.${name}` : `${inside}/.wh.${name}`;
			entries.push({ path: hidden, content: '' });
		} else if (leaf.kind === 'hardlink') {
			if (linkable === undefined || Buffer.isBuffer(linkable.path)) continue;
			const { content: _content, path: target, ...same } = linkable;
			entries.push({ ...same, path: named.path, kind: 'hardlink', target });
		} else {
			const entry: TarEntry = { ...named, ...leaf };
			entries.push(entry);
			if (leaf.kind === 'file' && linkable === undefined) linkable = entry;
		}
	}
	return entries;
}

/** A name that is no UTF-8, another one each time. */
function rawName(inside: string | undefined, index: number): Buffer {
	return Buffer.concat([
		Buffer.from(inside === undefined ? '' : `${inside}/`),
		Buffer.from([0xff, 0xfe, 0x30 + index]),
	]);
}

describe.skipIf(missing)(`unpacking${missing ?? ''}`, () => {
	const rig = unpackRig();
	const sys = loadLibc();

	/** GNU tar, and then what overlay makes of whiteouts. */
	function reference(tarPath: string, dir: string): void {
		mkdirSync(dir);
		const flags = ['--xattrs', '--xattrs-include=*', '--numeric-owner', '--delay-directory-restore'];
		execFileSync('tar', [...flags, '-xpf', tarPath, '-C', dir], { stdio: 'pipe' });
		const visit = (folder: Buffer) => {
			for (const name of readdirSync(folder, { encoding: 'buffer' })) {
				const full = Buffer.concat([folder, Buffer.from('/'), name]);
				const text = name.toString('latin1');
				if (text === '.wh..wh..opq') sys.lsetxattr(folder, 'trusted.overlay.opaque', Buffer.from('y'));
				else if (text.startsWith('.wh.')) {
					const hidden = Buffer.concat([folder, Buffer.from('/'), name.subarray(4)]);
					sys.mknod(hidden, characterDevice, 0, 0);
					// A folder may pass its group on.
					lchownSync(hidden, 0, 0);
				} else if (lstatSync(full).isDirectory()) visit(full);
				if (text.startsWith('.wh.')) rmSync(full);
			}
		};
		visit(Buffer.from(dir));
	}

	/** Nobody cares when a whiteout was made. */
	const facts = (dir: string) =>
		layerFacts(dir, sys).map((line) => (line.includes(' device 0 ') ? line.replace(/ \d+ {2}/, '') : line));

	test('makes what GNU tar makes, and what overlay makes of whiteouts', { timeout: 120_000 }, async () => {
		let count = 0;
		const compress = [(tar: Buffer) => tar, gzipSync, zstdCompressSync];
		await fc.assert(
			fc.asyncProperty(layers, async (layer) => {
				const tar = writeTar(entriesOf(layer));
				const attempt = await rig.prepare(compress[count++ % 3]!(tar));
				const tarPath = path.join(attempt.dir, 'layer.tar');
				writeFileSync(tarPath, tar);
				reference(tarPath, path.join(attempt.dir, 'reference'));
				const unpacked = await attempt.unpack();
				expect(facts(attempt.staged.diffDir)).toEqual(facts(path.join(attempt.dir, 'reference')));
				expect(unpacked.diffSizeBytes).toBe(tar.length);
				rmSync(attempt.dir, { recursive: true });
			}),
			{ numRuns: 60 },
		);
	});

	test('sets the times of folders when nothing changes them any more', async () => {
		const attempt = await rig.prepare(
			writeTar([
				{ path: 'd', kind: 'folder', mtimeSeconds: 1000 },
				{ path: 'd/e', kind: 'folder', mtimeSeconds: -5.5 },
				{ path: 'd/e/f', content: 'x' },
				{ path: 'late/f', content: 'x' },
				{ path: 'late', kind: 'folder', mode: 0o2750, uid: 7, mtimeSeconds: 3 },
			]),
		);
		await attempt.unpack();
		const stat = (name: string) => lstatSync(path.join(attempt.staged.diffDir, name), { bigint: true });
		expect(stat('d').mtimeNs).toBe(1_000_000_000_000n);
		expect(stat('d/e').mtimeNs).toBe(-5_500_000_000n);
		expect(stat('late')).toMatchObject({ mtimeNs: 3_000_000_000n, mode: 0o42750n, uid: 7n });
	});

	test('resolves what lies behind a symlink of the layer within its root', async () => {
		const attempt = await rig.prepare(
			writeTar([
				{ path: 'usr/lib', kind: 'folder' },
				{ path: 'lib', target: 'usr/lib' },
				{ path: 'abs', target: '/usr' },
				{ path: 'usr/up', target: '../usr/lib/..' },
				{ path: 'lib/a', content: 'a' },
				{ path: 'abs/b', content: 'b' },
				{ path: 'usr/up/c', content: 'c' },
				{ path: 'd', kind: 'hardlink', target: 'lib/a' },
				{ path: 'gone', target: '/nowhere' },
				{ path: 'gone/e', content: 'e' },
			]),
		);
		await attempt.unpack();
		const read = (name: string) => readFileSync(path.join(attempt.staged.diffDir, name), 'utf8');
		expect(['usr/lib/a', 'usr/b', 'usr/c', 'd', 'nowhere/e'].map(read)).toEqual(['a', 'b', 'c', 'a', 'e']);
		expect(readlinkSync(path.join(attempt.staged.diffDir, 'lib'))).toBe('usr/lib');
	});

	test('takes what is said twice where nothing is lost by it, last', async () => {
		const tar = writeTar([
			{ path: 'd', kind: 'folder', mode: 0o700 },
			{ path: 'd', kind: 'folder', mode: 0o711 },
			{ path: 's', target: 'one' },
			{ path: 's', target: 'two' },
			{ path: 'e', content: '' },
			{ path: 'e', content: '', mode: 0o600 },
			{ path: '.wh.w', content: '' },
			{ path: 'w', content: 'again' },
			{ path: '.wh.p', content: '' },
			{ path: 'p/q', content: '' },
			{ path: 'r/s', content: '' },
			{ path: '.wh.r', content: '' },
			{ path: '.wh.gone', content: '' },
			{ path: 'gone/.wh.x', content: '' },
		]);
		const attempt = await rig.prepare(tar);
		await attempt.unpack();
		const diff = (name: string) => path.join(attempt.staged.diffDir, name);
		expect(lstatSync(diff('d')).mode & 0o777).toBe(0o711);
		expect(readlinkSync(diff('s'))).toBe('two');
		expect(lstatSync(diff('e')).mode & 0o777).toBe(0o600);
		expect(readFileSync(diff('w'), 'utf8')).toBe('again');
		// What is deleted below and made anew starts empty.
		for (const name of ['p', 'r'])
			expect(sys.lgetxattr(diff(name), 'trusted.overlay.opaque')?.toString()).toBe('y');
		expect(lstatSync(diff('gone')).isCharacterDevice()).toBe(true);
		// Podman refuses a tar-split in which a name occurs twice.
		const names = gunzipSync(readFileSync(attempt.staged.tarSplitPath))
			.toString()
			.split('\n')
			.flatMap((line) => (line.includes('"type":1') ? [JSON.parse(line).name] : []));
		expect(names).toEqual([...new Set(names)]);
	});

	test('deletes from the copy of the parent where the driver is vfs', async () => {
		const parent = writeTar([
			{ path: 'keep', content: 'keep' },
			{ path: 'gone', content: 'x' },
			{ path: 'dir/sub/file', content: 'x' },
			{ path: 'opaque/old', content: 'x' },
			{ path: 'opaque/sub/old', content: 'x' },
			{ path: 'turned', kind: 'folder' },
			{ path: 'turned/x', content: 'x' },
			{ path: 'setgid', kind: 'folder', mode: 0o2755, gid: 50 },
			{ path: 'link', target: 'dir' },
			{ path: 'changed', content: 'old' },
		]);
		const layer = writeTar([
			{ path: '.wh.gone', content: '' },
			{ path: '.wh.dir', content: '' },
			{ path: 'opaque/new', content: 'new' },
			{ path: 'opaque/.wh..wh..opq', content: '' },
			{ path: 'turned', content: 'file' },
			{ path: 'setgid/f', content: 'x' },
			{ path: 'changed', content: 'new' },
			{ path: 'hard', kind: 'hardlink', target: 'keep' },
		]);
		const attempt = await rig.prepare(layer, { driver: 'vfs' });
		execFileSync('tar', ['--numeric-owner', '-xpf', '-', '-C', attempt.staged.diffDir], { input: parent });
		await attempt.unpack();
		const found = execFileSync('find', ['.', '-mindepth', '1', '-printf', '%P %y %U:%G\n'], {
			cwd: attempt.staged.diffDir,
			encoding: 'utf8',
		});
		expect(found.trim().split('\n').sort()).toEqual([
			'changed f 0:0',
			'hard f 0:0',
			'keep f 0:0',
			'link l 0:0',
			'opaque d 0:0',
			'opaque/new f 0:0',
			'setgid d 0:50',
			'setgid/f f 0:0',
			'turned f 0:0',
		]);
		expect(readFileSync(path.join(attempt.staged.diffDir, 'changed'), 'utf8')).toBe('new');
	});
});
