import * as fs from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { createLogMatcher } from '../../src/node/logs/log-matcher.ts';
import {
	createLogFolder,
	cri,
	numbered,
	readAllBackward,
	readAllForward,
	texts,
} from '../unit/node/logs/log-fixture.ts';

describe('odd logs', () => {
	test('a line of 1 MB is cut at the limit, at a character, and says by how much', async () => {
		await using folder = await createLogFolder();
		const long = 'é'.repeat(500_000);
		await folder.write('0.log', cri(1, 'before') + cri(2, long) + cri(3, 'after'));
		await using history = await folder.open('0.log', { lineLimitBytes: 1001 });
		const lines = await history.readBackward('end', 10);
		expect(lines.map((line) => line.text)).toEqual(['before', 'é'.repeat(500), 'after']);
		expect(lines[1]?.truncatedBytes).toBe(1_000_000 - 1000);
		expect(await history.readForward('start', 10)).toEqual(lines);
	});

	test('a long line of partials is counted whole', async () => {
		await using folder = await createLogFolder();
		const piece = 'x'.repeat(8192);
		const chain = Array.from({ length: 200 }, (_, at) =>
			cri(at, piece, { tag: at === 199 ? 'F' : 'P' }),
		).join('');
		await folder.write('0.log', `${chain}${cri(300, 'after')}`);
		await using history = await folder.open();
		const lines = await history.readBackward('end', 2);
		expect(lines.map((line) => line.text.length + line.truncatedBytes)).toEqual([200 * 8192, 5]);
		expect(lines[0]?.timestampNanos).toBe(0n);
		expect(await history.readForward(lines[0]!.start, 10)).toEqual(lines);
	});

	test.each([
		['an empty file', '', []],
		['only a newline', '\n', ['']],
		['no newline at the end', 'one\ntwo', ['one', 'two']],
		['CRLF', `${cri(1, 'one\r')}two\r\n`, ['one', 'two']],
		['NUL bytes', `\0\0a\0\n${cri(1, 'b\0c')}`, ['\0\0a\0', 'b\0c']],
		['a stamp without more', '2026-01-01T00:00:00Z stdout F\n', ['']],
		['a tag with more tags', '2026-01-01T00:00:00Z stderr F:x:y text here\n', ['text here']],
		['an unknown tag', '2026-01-01T00:00:00Z stderr X text\n', ['2026-01-01T00:00:00Z stderr X text']],
	])('%s', async (_, content, expected) => {
		await using folder = await createLogFolder();
		await folder.write('0.log', content);
		await using history = await folder.open();
		expect(texts(await history.readForward('start', 10))).toEqual(expected);
		expect(texts(await history.readBackward('end', 10))).toEqual(expected);
	});

	test('binary content is read to its end, whatever it is', async () => {
		await using folder = await createLogFolder();
		const bytes = Buffer.from(Array.from({ length: 50_000 }, (_, at) => (at * 7919 + (at >> 3)) & 0xff));
		await folder.write('0.log', bytes);
		await using history = await folder.open('0.log', { chunkBytes: 333 });
		const forward = await readAllForward(history, 50);
		expect(forward.length).toBe(bytes.toString('latin1').split('\n').length);
		expect(await readAllBackward(history, 50)).toEqual(forward);
	});

	test('characters cut by a partial are whole again', async () => {
		await using folder = await createLogFolder();
		const bytes = Buffer.from('日本語');
		const prefix = (tag: string) => Buffer.from(`2026-01-01T00:00:00.5+09:00 stdout ${tag} `);
		await folder.write(
			'0.log',
			Buffer.concat([
				prefix('P'),
				bytes.subarray(0, 4),
				Buffer.from('\n'),
				prefix('F'),
				bytes.subarray(4),
				Buffer.from('\n'),
			]),
		);
		await using history = await folder.open('0.log', { chunkBytes: 3 });
		const [line] = await history.readForward('start', 1);
		expect(line?.text).toBe('日本語');
		expect(line?.timestampNanos).toBe(BigInt(Date.UTC(2025, 11, 31, 15)) * 1_000_000n + 500_000_000n);
	});

	test('Docker JSON lines are told by the first line and joined', async () => {
		await using folder = await createLogFolder();
		const json = (log: string, stream: string) =>
			`${JSON.stringify({ log, stream, time: '2026-01-01T00:00:01.5Z' })}\n`;
		await fs.mkdir(folder.file('docker'));
		await folder.write('docker/abc-json.log.1', json('old\n', 'stdout'));
		await folder.write(
			'docker/abc-json.log',
			json('par', 'stdout') + json('tial "x"\n', 'stdout') + json('err\n', 'stderr'),
		);
		await fs.symlink(folder.file('docker/abc-json.log'), folder.file('0.log'));
		await using history = await folder.open('0.log', { chunkBytes: 10 });
		const lines = await history.readForward('start', 10);
		expect(lines.map((line) => `${line.stream} ${line.text}`)).toEqual([
			'stdout old',
			'stdout partial "x"',
			'stderr err',
		]);
		expect(await readAllBackward(history, 1)).toEqual(lines);
		const matcher = createLogMatcher({ pattern: 'partial "', kind: 'text' });
		expect((await history.count(matcher)).matches).toBe(1);
	});

	test('a damaged and a cut gzip give what can be read, and say so', async () => {
		await using folder = await createLogFolder();
		const packed = gzipSync(numbered(0, 20_000));
		await folder.write('0.log.20260101-000000.gz', packed.subarray(0, packed.length >> 1));
		const damaged = Buffer.from(packed);
		damaged.fill(0xff, damaged.length >> 1, (damaged.length >> 1) + 64);
		await folder.write('0.log.20260102-000000.gz', damaged);
		await folder.write('0.log.20260103-000000.gz', 'no gzip at all');
		await folder.write('0.log', numbered(0, 1));
		await using history = await folder.open();
		const lines = await readAllForward(history, 5000);
		expect(lines.length).toBeGreaterThan(10_000);
		const problems = history.segments().map((segment) => segment.problem ?? '');
		expect(problems[0]).toMatch(/cut short/);
		expect(problems[1]).toMatch(/damaged/);
		expect(problems[2]).toMatch(/damaged/);
		expect(problems[3]).toBe('');
		const matcher = createLogMatcher({ pattern: 'line', kind: 'text' });
		expect((await history.count(matcher)).matches).toBeGreaterThan(10_000);
	});

	test('hundreds of rotated files are in order', async () => {
		await using folder = await createLogFolder();
		const day = (at: number) =>
			new Date(Date.UTC(2026, 0, 1) + at * 60_000)
				.toISOString()
				.replace(/[-:]/g, '')
				.replace('T', '-')
				.slice(0, 15);
		for (let at = 0; at < 500; at += 1) await folder.write(`0.log.${day(at)}`, cri(at, `line ${at}`));
		await folder.write('0.log', cri(500, 'line 500'));
		await using history = await folder.open();
		expect(history.segments().length).toBe(501);
		expect(texts(await history.readBackward('end', 501))).toEqual(
			Array.from({ length: 501 }, (_, at) => `line ${at}`),
		);
		const at = await history.seekTime(400n * 1_000_000_000n);
		expect(texts(await history.readForward(at, 1))).toEqual(['line 400']);
	});

	test('a file that shrinks without notice is read as it is now', async () => {
		await using folder = await createLogFolder();
		await folder.write('0.log', numbered(0, 100));
		await using history = await folder.open();
		const lines = await history.readForward('start', 100);
		await fs.truncate(folder.file('0.log'), 0);
		await folder.append('0.log', numbered(100, 102));
		expect(texts(await history.readForward(lines.at(-1)!.end, 10))).toEqual(['line 100', 'line 101']);
	});

	test('an attempt that was not the last ends where the next began', async () => {
		await using folder = await createLogFolder();
		await folder.write('0.log', cri(0, 'zero'));
		await folder.write('1.log', cri(1, 'one'));
		await folder.write('2.log', cri(2, 'two'));
		await using middle = await folder.open('1.log');
		expect(texts(await middle.readForward('start', 10))).toEqual(['zero', 'one']);
		await using only = await folder.open('2.log', { includeEarlierAttempts: false });
		expect(texts(await only.readForward('start', 10))).toEqual(['two']);
	});

	test.skipIf(process.getuid?.() === 0)(
		'a file without permission is said in words (needs not to be root)',
		async () => {
			await using folder = await createLogFolder();
			await folder.write('0.log', numbered(0, 3));
			await fs.chmod(folder.file('0.log'), 0);
			await using history = await folder.open();
			expect(await history.readBackward('end', 5)).toEqual([]);
			expect(history.segments()[0]?.problem).toMatch(/permission denied/);
		},
	);

	test('a folder in the place of the log is no crash', async () => {
		await using folder = await createLogFolder();
		await fs.mkdir(folder.file('0.log'));
		await using history = await folder.open();
		expect(await history.readBackward('end', 5)).toEqual([]);
	});
});
