import * as fs from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { createLogMatcher } from '../../../../src/node/logs/log-matcher.ts';
import { createLogFolder, cri, numbered, readAllBackward, readAllForward, texts } from './log-fixture.ts';

describe('a log history', () => {
	test('is one scroll over attempts, rotated and compressed files', async () => {
		await using folder = await createLogFolder();
		await folder.write('0.log.20260101-000000.gz', gzipSync(numbered(0, 10)));
		await folder.write('0.log', numbered(10, 20));
		await folder.write('1.log.20260102-000000', numbered(20, 30));
		await folder.write('1.log', numbered(30, 40));
		await folder.write('1.log.20260103-000000.tmp', 'rubbish\n');
		await using history = await folder.open('1.log');
		const expected = Array.from({ length: 40 }, (_, at) => `line ${at}`);
		expect(texts(await readAllForward(history, 7))).toEqual(expected);
		expect(texts(await readAllBackward(history, 7))).toEqual(expected);
		expect(history.segments().map(({ kind, attempt }) => [kind, attempt])).toEqual([
			['compressed', 0],
			['earlierAttempt', 0],
			['rotated', 1],
			['current', 1],
		]);
	});

	test('finds, filters and counts over all files, both ways', async () => {
		await using folder = await createLogFolder();
		await folder.write('0.log.20260101-000000.gz', gzipSync(numbered(0, 50)));
		await folder.write('0.log', numbered(50, 100));
		await using history = await folder.open();
		const matcher = createLogMatcher({ pattern: '7', kind: 'text' });
		const filtered = await history.readBackward('end', 12, { filter: matcher });
		expect(texts(filtered)).toEqual(
			[57, 67, 70, 71, 72, 73, 74, 75, 76, 77, 78, 79, 87, 97].slice(-12).map((n) => `line ${n}`),
		);
		expect((await history.count(matcher)).matches).toBe(19);
		const first = await history.find(matcher, { from: 'start', direction: 'forward' });
		expect(first?.text).toBe('line 7');
		const second = await history.find(matcher, { from: first!.end, direction: 'forward' });
		expect(second?.text).toBe('line 17');
		const back = await history.find(matcher, { from: second!.start, direction: 'backward' });
		expect(back?.text).toBe('line 7');
		expect(await history.find(matcher, { from: back!.start, direction: 'backward' })).toBeUndefined();
	});

	test('names what is missing and shows it once it is there', async () => {
		await using folder = await createLogFolder();
		await using history = await folder.open();
		expect(history.segments()[0]?.problem).toMatch(
			/cannot read log file ".*0\.log": the file does not exist/,
		);
		expect(await history.readBackward('end', 10)).toEqual([]);
		await folder.write('0.log', cri(1, 'hello'));
		expect(texts(await history.readForward('start', 10))).toEqual(['hello']);
		expect(history.segments().map((segment) => segment.problem)).toEqual([undefined]);
	});

	test('keeps positions valid when a file is rotated and then compressed', async () => {
		await using folder = await createLogFolder();
		await folder.write('0.log', numbered(0, 20));
		await using history = await folder.open();
		const [line] = await history.readBackward('end', 5);
		await fs.rename(folder.file('0.log'), folder.file('0.log.20260101-000000'));
		await folder.write('0.log', numbered(20, 25));
		expect(texts(await history.readForward(line!.start, 100)).at(-1)).toBe('line 24');
		await fs.writeFile(
			folder.file('0.log.20260101-000000.gz'),
			gzipSync(await fs.readFile(folder.file('0.log.20260101-000000'))),
		);
		await fs.rm(folder.file('0.log.20260101-000000'));
		const again = await history.readForward(line!.start, 100);
		expect(texts(again)).toEqual(Array.from({ length: 10 }, (_, at) => `line ${at + 15}`));
		expect(again[0]?.start).toEqual(line!.start);
	});
});
