import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { joinHooks, loadHooks, matchHooks, parseHook } from '../../../../src/runtime/oci/hooks.ts';
import { tempDir } from '../../../helpers/temp-dir.ts';

const hook = { path: '/bin/hook', args: ['hook', 'x'], env: ['A=b'], timeout: 5 };
const file = (when: unknown, stages: unknown = ['prestart']) => ({ version: '1.0.0', hook, when, stages });
const plain = { annotations: {}, args: ['/bin/sh'], hasBindMounts: false };

describe('matchHooks', () => {
	test.each<[unknown, Partial<typeof plain>, boolean]>([
		[{ always: true }, {}, true],
		[{ always: false }, {}, false],
		[{}, {}, false],
		[{ hasBindMounts: true }, {}, false],
		[{ hasBindMounts: true }, { hasBindMounts: true }, true],
		[{ hasBindMounts: false }, { hasBindMounts: true }, false],
		[{ commands: ['^/bin/'] }, {}, true],
		[{ commands: ['^/sbin/', 'sh$'] }, {}, true],
		[{ commands: ['^/sbin/'] }, {}, false],
		[{ annotations: { '^io\\.x': '^y' } }, { annotations: { 'io.x/1': 'yes' } }, true],
		[{ annotations: { '^io\\.x': '^y' } }, { annotations: { 'io.x/1': 'no' } }, false],
		[{ annotations: { a: '1', b: '2' } }, { annotations: { a: '1' } }, false],
		[{ always: true, hasBindMounts: true }, {}, false],
		[{ always: true, commands: ['sh'] }, {}, true],
	])('%j for %j: %s', (when, subject, isWanted) => {
		const matched = matchHooks([parseHook('f', file(when))], { ...plain, ...subject });
		expect(matched).toEqual(isWanted ? { prestart: [hook] } : {});
	});

	test('puts a hook into each of its stages', () => {
		const rule = parseHook('f', file({ always: true }, ['createRuntime', 'poststop']));
		expect(Object.keys(matchHooks([rule, rule], plain))).toEqual(['createRuntime', 'poststop']);
		expect(matchHooks([rule, rule], plain)['poststop']).toHaveLength(2);
	});
});

describe('loadHooks', () => {
	test('orders by name, lets later folders win, and tells what is broken', () => {
		const [first, second] = [path.join(tempDir(), 'a'), path.join(tempDir(), 'b')];
		mkdirSync(first);
		mkdirSync(second);
		const named = (name: string) => JSON.stringify({ ...file({ always: true }), hook: { path: `/${name}` } });
		writeFileSync(path.join(first, 'B.json'), named('b-first'));
		writeFileSync(path.join(first, 'a.json'), named('a-first'));
		writeFileSync(path.join(first, 'broken.json'), '{');
		writeFileSync(path.join(first, 'notes.txt'), '{');
		writeFileSync(path.join(second, 'a.json'), named('a-second'));
		const { rules, problems } = loadHooks([first, second, '/no/such/folder']);
		expect(rules.map((rule) => rule.hook.path)).toEqual(['/a-second', '/b-first']);
		expect(problems).toHaveLength(1);
		expect(problems[0]).toContain('broken.json');
	});
});

test.each([
	[{ ...file({}), version: '0.1.0' }, '0.1.0'],
	[{ ...file({}), hook: { path: 'relative' } }, 'not absolute'],
	[file({}, []), 'no stage'],
	[file({}, ['someday']), '"someday"'],
	[file({ always: 'yes' }), 'neither true nor false'],
	[file({ commands: ['('] }), 'Invalid regular expression'],
	[file({ annotations: { a: 1 } }), 'no text'],
	[[], 'no object'],
])('parseHook refuses %j', (value, cause) => {
	expect(() => parseHook('f', value)).toThrow(cause);
});

test('joinHooks keeps the order', () => {
	const [a, b] = [{ path: '/a' }, { path: '/b' }];
	expect(joinHooks({ prestart: [a] }, { prestart: [b], poststop: [b] })).toEqual({
		prestart: [a, b],
		poststop: [b],
	});
});
