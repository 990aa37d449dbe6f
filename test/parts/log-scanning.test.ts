import * as fs from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { createLogMatcher, matchRanges } from '../../src/node/logs/log-matcher.ts';
import { mergeLogHistories } from '../../src/node/logs/merge-log-histories.ts';
import { createLogFolder, cri, numbered, texts } from '../unit/node/logs/log-fixture.ts';

describe('a matcher', () => {
	test('says in one sentence what is wrong with an expression', () => {
		expect(() => createLogMatcher({ pattern: 'a(', kind: 'regex' })).toThrow(
			/^cannot search for "a\(": not a regular expression: \S.*$/,
		);
		expect(() => createLogMatcher({ pattern: '', kind: 'text' })).toThrow(/empty/);
	});

	test('gives the ranges to highlight', () => {
		const text = createLogMatcher({ pattern: 'err', kind: 'text', ignoreCase: true });
		expect(matchRanges(text, 'Err and ERR')).toEqual([
			{ start: 0, end: 3 },
			{ start: 8, end: 11 },
		]);
		const fuzzy = createLogMatcher({ pattern: 'a bd', kind: 'fuzzy' });
		expect(matchRanges(fuzzy, 'xabcd')).toEqual([
			{ start: 1, end: 3 },
			{ start: 4, end: 5 },
		]);
	});
});

describe('a scan', () => {
	test('is cancelled at once, also inside an expression that would never end', async () => {
		await using folder = await createLogFolder();
		await folder.write('0.log', cri(1, `${'a'.repeat(60)}!`));
		await using history = await folder.open();
		const matcher = createLogMatcher({ pattern: '(a+)+$', kind: 'regex' });
		const controller = new AbortController();
		const counting = history.count(matcher, { signal: controller.signal });
		const reason = new Error('enough');
		setImmediate(() => controller.abort(reason));
		await expect(counting).rejects.toBe(reason);
		const other = createLogMatcher({ pattern: '!', kind: 'text' });
		expect((await history.count(other)).matches).toBe(1);
	});

	test('never compares the prefix', async () => {
		await using folder = await createLogFolder();
		await folder.write('0.log', cri(1, 'nothing') + cri(2, 'a stdout of its own'));
		await using history = await folder.open();
		const matcher = createLogMatcher({ pattern: 'STDOUT', kind: 'text', ignoreCase: true });
		expect((await history.count(matcher)).matches).toBe(1);
	});

	test('seeks a time in lines that are out of order or have none', async () => {
		await using folder = await createLogFolder();
		let content = '';
		for (let at = 0; at < 6000; at += 1) {
			content += at % 10 === 5 ? 'a foreign line\n' : cri(at % 2 === 0 ? at + 2 : at, `line ${at}`);
		}
		await folder.write('0.log', content);
		await using history = await folder.open();
		const at = await history.seekTime(4002n * 1_000_000_000n);
		expect(texts(await history.readForward(at, 1))).toEqual(['line 4000']);
		const end = await history.seekTime(9_000_000n * 1_000_000_000n);
		expect(await history.readForward(end, 1)).toEqual([]);
		expect(history.ratio(end)).toBe(1);
	});
});

describe('saving', () => {
	test('writes everything as text or byte for byte, filtered or not', async () => {
		await using folder = await createLogFolder();
		await folder.write('0.log.20260101-000000.gz', gzipSync(numbered(0, 5)));
		await folder.write('0.log', numbered(5, 10));
		await using history = await folder.open();
		const out = folder.file('out');
		expect(await history.exportTo(out, { format: 'raw' })).toMatchObject({ lines: 10 });
		expect(await fs.readFile(out, 'utf8')).toBe(numbered(0, 10));
		const matcher = createLogMatcher({ pattern: '[38]', kind: 'regex' });
		expect(await history.exportTo(out, { format: 'text', matcher })).toEqual({ lines: 2, bytes: 14 });
		expect(await fs.readFile(out, 'utf8')).toBe('line 3\nline 8\n');
		await history.exportTo(out, { format: 'raw', matcher });
		expect(await fs.readFile(out, 'utf8')).toBe(numbered(3, 4) + numbered(8, 9));
	});

	test('says in words why it cannot, and leaves nothing behind', async () => {
		await using folder = await createLogFolder();
		await folder.write('0.log', numbered(0, 5));
		await using history = await folder.open();
		await expect(history.exportTo(folder.file('no/out'), { format: 'text' })).rejects.toThrow(
			/cannot save log to ".*": the folder ".*" does not exist/,
		);
		const aborted = AbortSignal.abort(new Error('enough'));
		await expect(history.exportTo(folder.file('out'), { format: 'raw', signal: aborted })).rejects.toThrow(
			'enough',
		);
		expect(await fs.readdir(folder.path)).toEqual(['0.log']);
	});
});

describe('merged logs', () => {
	test('are searched, filtered and saved with their labels; context is taken by time', async () => {
		await using folder = await createLogFolder();
		await folder.write('a.log', [1, 3, 5, 7].map((at) => cri(at, `a${at}`)).join(''));
		await folder.write('b.log', [2, 4, 6, 8].map((at) => cri(at, `b${at}`)).join(''));
		await using merged = mergeLogHistories([
			{ label: 'a', history: await folder.open('a.log') },
			{ label: 'b', history: await folder.open('b.log') },
		]);
		const matcher = createLogMatcher({ pattern: '[57]', kind: 'regex' });
		const filtered = await merged.readForward('start', 10, { filter: matcher });
		expect(texts(filtered)).toEqual(['a5', 'a7']);
		expect(texts(await merged.readBackward(filtered[0]!.start, 2))).toEqual(['a3', 'b4']);
		expect(texts(await merged.readForward(filtered[0]!.end, 2))).toEqual(['b6', 'a7']);
		const hit = await merged.find(createLogMatcher({ pattern: 'b', kind: 'text' }), {
			from: 'end',
			direction: 'backward',
		});
		expect(hit).toMatchObject({ text: 'b8', source: 'b' });
		await merged.exportTo(folder.file('out'), { format: 'text', matcher });
		expect(await fs.readFile(folder.file('out'), 'utf8')).toBe('a: a5\na: a7\n');
	});
});
