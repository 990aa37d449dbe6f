import path from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { baseOf, cleanName, parentOf } from '../../../../../src/runtime/storage/unpack/clean-name.ts';

test.each([
	['a', 'a'],
	['./a/b', 'a/b'],
	['a/', 'a'],
	['a//b/./c', 'a/b/c'],
	['a/../b', 'b'],
	['/etc/passwd', 'etc/passwd'],
	['./', ''],
	['/', ''],
	['.', ''],
	['...', '...'],
	['.hidden/..file', '.hidden/..file'],
	['../x', undefined],
	['a/../../x', undefined],
	['..', undefined],
	['/..', undefined],
])('cleans %j to %j', (name, clean) => {
	expect(cleanName(name)).toBe(clean);
});

test('cleans as the platform normalizes', () => {
	const name = fc.array(fc.constantFrom('a', 'b.c', '.', '..', '', '.x'), { maxLength: 6 });
	fc.assert(
		fc.property(name, fc.boolean(), (parts, absolute) => {
			const text = (absolute ? '/' : '') + parts.join('/');
			const relative = path.posix.normalize(`./${text}`).replace(/\/$/, '');
			const expected = relative === '.' ? '' : relative;
			expect(cleanName(text)).toBe(/^\.\.(\/|$)/.test(expected) ? undefined : expected);
		}),
	);
});

test('splits a clean name', () => {
	expect([parentOf('a/b/c'), baseOf('a/b/c'), parentOf('a'), baseOf('a')]).toEqual(['a/b', 'c', '', 'a']);
});
