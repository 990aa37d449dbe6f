import { execFileSync } from 'node:child_process';
import {
	existsSync,
	lstatSync,
	mkdirSync,
	readdirSync,
	symlinkSync,
	truncateSync,
	writeFileSync,
} from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { mkdirInRootfs, readFileInRootfs, resolveInRootfs } from '../../../../src/runtime/oci/rootfs-path.ts';
import { tempDir } from '../../../helpers/temp-dir.ts';

/** A root with links of all kinds, inside a folder that stands for the host. */
function makeRoot() {
	const host = tempDir();
	const root = path.join(host, 'root');
	mkdirSync(path.join(root, 'a/b/c'), { recursive: true });
	mkdirSync(path.join(host, 'outside'));
	const links = {
		absolute: '/a/b',
		host: path.join(host, 'outside'),
		climbing: '../../../../outside',
		'a/up': '../../..',
		'a/relative': 'b/c',
		chained: 'absolute/c',
		dangling: '/not/there',
		loop: 'loop2',
		loop2: '/loop',
		self: '.',
		'a/b/root': '/',
		slashes: '//a///b/',
	};
	for (const [name, target] of Object.entries(links)) symlinkSync(target, path.join(root, name));
	writeFileSync(path.join(root, 'a/file'), 'content');
	return { host, root, links };
}

describe('resolveInRootfs', () => {
	test.each([
		['/', ''],
		['', ''],
		['/a/b', 'a/b'],
		['a//b/./c/..', 'a/b'],
		['/../../etc', 'etc'],
		['/absolute/c', 'a/b/c'],
		['/chained', 'a/b/c'],
		['/a/relative', 'a/b/c'],
		['/a/relative/..', 'a/b'],
		['/climbing/x', 'outside/x'],
		['/a/up/a', 'a'],
		['/dangling', 'not/there'],
		['/dangling/x/../y', 'not/there/y'],
		['/missing/../a', 'a'],
		['/a/b/root/a/b/root/a', 'a'],
		['/self/self/a', 'a'],
		['/slashes/c', 'a/b/c'],
		['/a/file/below', 'a/file/below'],
	])('%s', (given, wanted) => {
		const { root } = makeRoot();
		expect(resolveInRootfs(root, given)).toBe(path.join(root, wanted));
	});

	test('keeps an absolute link to a folder of the host inside', () => {
		const { root, host } = makeRoot();
		expect(resolveInRootfs(root, '/host/file')).toBe(path.join(root, host, 'outside/file'));
	});

	test('gives up on a loop and on a NUL', () => {
		const { root } = makeRoot();
		expect(() => resolveInRootfs(root, '/loop/x')).toThrow('too many symlinks');
		expect(() => resolveInRootfs(root, '/a\0b')).toThrow('NUL');
	});

	test('works at the root of the host too', () => {
		const { root } = makeRoot();
		expect(resolveInRootfs('/', path.join(root, 'a/relative'))).toBe(path.join(root, 'a/b/c'));
	});

	test('never leaves the root, whatever the links and the path', () => {
		const part = fc.constantFrom('a', 'b', 'c', 'd', '..', '.', '', 'x');
		const target = fc
			.tuple(fc.boolean(), fc.array(part, { maxLength: 5 }))
			.map(([absolute, parts]) => (absolute ? '/' : '') + parts.join('/') || '.');
		const links = fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c', 'd', 'x/a', 'x/b'), target), {
			maxLength: 6,
		});
		fc.assert(
			fc.property(links, fc.array(part, { maxLength: 8 }), (made, parts) => {
				const root = path.join(tempDir(), 'r');
				mkdirSync(path.join(root, 'x'), { recursive: true });
				for (const [name, to] of made) {
					if (!existsSync(path.join(root, name)) && !isLink(path.join(root, name))) {
						symlinkSync(to, path.join(root, name));
					}
				}
				let resolved: string;
				try {
					resolved = resolveInRootfs(root, parts.join('/'));
				} catch (error) {
					expect((error as Error).message).toContain('too many symlinks');
					return;
				}
				expect(resolved === root || resolved.startsWith(`${root}/`)).toBe(true);
				expect(resolved).toBe(path.normalize(resolved));
				// Nothing on the way is a link any more, so the kernel follows none.
				for (let at = resolved; at.length > root.length; at = path.dirname(at))
					expect(isLink(at)).toBe(false);
			}),
			{ numRuns: 300 },
		);
	});
});

function isLink(file: string): boolean {
	try {
		return lstatSync(file).isSymbolicLink();
	} catch {
		return false;
	}
}

describe('mkdirInRootfs', () => {
	test('makes what is missing, where links lead inside', () => {
		const { root, host } = makeRoot();
		expect(mkdirInRootfs(root, '/absolute/new/deep', { mode: 0o700, owner: me() })).toBe(
			path.join(root, 'a/b/new/deep'),
		);
		expect(lstatSync(path.join(root, 'a/b/new')).mode & 0o777).toBe(0o700);
		mkdirInRootfs(root, '/climbing/made', { owner: me() });
		mkdirInRootfs(root, '/dangling', { owner: me() });
		mkdirInRootfs(root, '/host/made', { owner: me() });
		expect(readdirSync(path.join(host, 'outside'))).toEqual([]);
		expect(existsSync(path.join(root, 'outside/made'))).toBe(true);
		expect(existsSync(path.join(root, 'not/there'))).toBe(true);
	});

	test('keeps what is there, and refuses a file in the way', () => {
		const { root } = makeRoot();
		const before = lstatSync(path.join(root, 'a')).mode;
		mkdirInRootfs(root, '/a/b', { mode: 0o700, owner: me() });
		expect(lstatSync(path.join(root, 'a')).mode).toBe(before);
		expect(() => mkdirInRootfs(root, '/a/file', { owner: me() })).toThrow('"a/file" is no folder');
		expect(() => mkdirInRootfs(root, '/a/file/x', { owner: me() })).toThrow('"a/file" is no folder');
	});
});

function me() {
	return { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
}

describe('readFileInRootfs', () => {
	test('reads through links, and nothing of the host', () => {
		const { root, host } = makeRoot();
		writeFileSync(path.join(host, 'secret'), 'secret');
		symlinkSync('/a/file', path.join(root, 'link'));
		symlinkSync(path.join(host, 'secret'), path.join(root, 'stolen'));
		expect(readFileInRootfs(root, '/link', 100)?.text).toBe('content');
		expect(readFileInRootfs(root, '/stolen', 100)).toBeUndefined();
		expect(readFileInRootfs(root, '/a/file/x', 100)).toBeUndefined();
	});

	test('refuses what is large, or no plain file, without waiting for it', () => {
		const { root } = makeRoot();
		truncateSync(path.join(root, 'a/file'), 101);
		execFileSync('mkfifo', [path.join(root, 'fifo')]);
		expect(() => readFileInRootfs(root, '/a/file', 100)).toThrow('101 bytes');
		expect(() => readFileInRootfs(root, '/fifo', 100)).toThrow('no plain file');
		expect(() => readFileInRootfs(root, '/a', 100)).toThrow('no plain file');
	});
});
