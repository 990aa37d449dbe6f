import * as fs from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compileLogMatcher, createLogMatcher } from '../../../../src/node/logs/log-matcher.ts';
import { mergeLogHistories } from '../../../../src/node/logs/merge-log-histories.ts';
import { runScanJob } from '../../../../src/node/logs/scan-job.ts';
import { createLogFolder, cri, readAllBackward, readAllForward, texts } from './log-fixture.ts';

type Part = { readonly kind: 'F' | 'P' | 'raw'; readonly stream: 'stdout' | 'stderr'; readonly text: string };

const part: fc.Arbitrary<Part> = fc.record({
	kind: fc.constantFrom('F', 'F', 'F', 'P', 'raw'),
	stream: fc.constantFrom('stdout', 'stdout', 'stderr'),
	text: fc
		.string({ unit: 'grapheme', maxLength: 30 })
		.map((text) => text.replace(/[\r\n]/g, '~').replaceAll('\0', '0')),
});
const parts = fc.array(part, { maxLength: 60 });

function render(all: readonly Part[]): string {
	return all
		.map(({ kind, stream, text }, at) =>
			kind === 'raw' ? `${text}\n` : cri(at, text, { stream, tag: kind }),
		)
		.join('');
}

/** The plainest reading: joins partials, a line stands where it ends, what never ends comes last. */
function naive(all: readonly Part[]): string[] {
	const lines: string[] = [];
	const open = new Map<string, string>();
	for (const { kind, stream, text } of all) {
		if (kind === 'raw') lines.push(text);
		else if (kind === 'P') open.set(stream, (open.get(stream) ?? '') + text);
		else {
			lines.push((open.get(stream) ?? '') + text);
			open.delete(stream);
		}
	}
	for (const stream of ['stdout', 'stderr']) {
		const text = open.get(stream);
		if (text !== undefined) lines.push(text);
	}
	return lines;
}

describe('reading a log', () => {
	test('gives the same lines forward, backward and by the plainest parse, however chunks and pages fall', async () => {
		await fc.assert(
			fc.asyncProperty(
				parts,
				parts,
				fc.integer({ min: 1, max: 200 }),
				fc.integer({ min: 1, max: 9 }),
				fc.boolean(),
				async (older, newer, chunkBytes, page, compress) => {
					await using folder = await createLogFolder();
					const name = '0.log.20260101-000000';
					if (compress) await folder.write(`${name}.gz`, gzipSync(render(older)));
					else await folder.write(name, render(older));
					await folder.write('0.log', render(newer));
					await using history = await folder.open('0.log', { chunkBytes });
					const expected = [...naive(older), ...naive(newer)];
					const forward = await readAllForward(history, page);
					expect(texts(forward)).toEqual(expected);
					const backward = await readAllBackward(history, page);
					expect(backward).toEqual(forward);
				},
			),
			{ numRuns: 15 },
		);
	});

	test('reads on from any line exactly as it read past it', async () => {
		await fc.assert(
			fc.asyncProperty(parts, fc.integer({ min: 1, max: 90 }), fc.nat(), async (all, chunkBytes, pick) => {
				await using folder = await createLogFolder();
				await folder.write('0.log', render(all));
				await using history = await folder.open('0.log', { chunkBytes });
				const lines = await history.readForward('start', 1000);
				if (lines.length === 0) return;
				const at = pick % lines.length;
				const line = lines[at]!;
				const firstSame = lines.findIndex((each) => each.start.offset === line.start.offset);
				expect(await history.readForward(line.start, 1000)).toEqual(lines.slice(firstSame));
				expect(await history.readBackward(line.start, 1000)).toEqual(lines.slice(0, firstSame));
			}),
			{ numRuns: 15 },
		);
	});

	test('scanning finds what testing every line finds, nearest first, packed or not', async () => {
		await using folder = await createLogFolder();
		await fc.assert(
			fc.asyncProperty(
				parts,
				fc.constantFrom('a', '0', ' ', 'Z', 'é', '$', 'std', 'P', '00'),
				fc.constantFrom<'text' | 'regex' | 'fuzzy'>('text', 'text', 'fuzzy', 'regex'),
				fc.record({ ignoreCase: fc.boolean(), invert: fc.boolean(), compressed: fc.boolean() }),
				async (all, pattern, kind, { ignoreCase, invert, compressed }) => {
					const content = Buffer.from(render(all));
					const path = await folder.write('0.log', compressed ? gzipSync(content) : content);
					await using file = await fs.open(path);
					const matcher = createLogMatcher({ pattern, kind, ignoreCase, invert });
					const expected = naive(all).filter(compileLogMatcher(matcher));
					const scan = (direction: 'forward' | 'backward', wanted: number) =>
						runScanJob(
							{
								...{ fd: file.fd, path, compressed, matcher, direction, wanted },
								...{ from: 0, to: content.length, unfinished: true, limitBytes: 1000 },
							},
							{ onProgress: () => undefined, onMatching: () => undefined, onTry: () => undefined },
						);
					expect((await scan('forward', 0)).matches).toBe(expected.length);
					expect((await scan('forward', 1000)).lines.map((line) => line.text)).toEqual(expected);
					const last = (await scan('backward', 3)).lines.map((line) => line.text);
					expect(last).toEqual(expected.slice(expected.length - last.length));
					expect(last.length).toBeGreaterThanOrEqual(Math.min(3, expected.length));
				},
			),
			{ numRuns: 60 },
		);
	});
});

describe('merged logs', () => {
	const lines = fc.array(fc.tuple(fc.integer({ min: 0, max: 20 }), fc.string({ maxLength: 5 })), {
		maxLength: 30,
	});

	test('are sorted by time, equal times by source, whichever way and however far they are read', async () => {
		await fc.assert(
			fc.asyncProperty(
				fc.array(lines, { minLength: 1, maxLength: 3 }),
				fc.integer({ min: 1, max: 7 }),
				async (all, page) => {
					await using folder = await createLogFolder();
					const sorted = all.map((each) => [...each].sort((a, b) => a[0] - b[0]));
					const sources = [];
					for (const [at, each] of sorted.entries()) {
						await folder.write(
							`c${at}.log`,
							each.map(([time], index) => cri(time, `${at}.${index}`)).join(''),
						);
						sources.push({ label: `c${at}`, history: await folder.open(`c${at}.log`) });
					}
					await using merged = mergeLogHistories(sources);
					const expected = sorted
						.flatMap((each, at) => each.map(([time], index) => ({ time, at, text: `${at}.${index}` })))
						.sort((a, b) => a.time - b.time || a.at - b.at)
						.map((line) => line.text);
					expect(texts(await readAllForward(merged, page))).toEqual(expected);
					expect(texts(await readAllBackward(merged, page))).toEqual(expected);
					const from = await merged.seekTime(10_000_000_000n);
					const later = await merged.readForward(from, 1000);
					expect(later.every((line) => (line.timestampNanos ?? 0n) >= 10_000_000_000n)).toBe(true);
				},
			),
			{ numRuns: 15 },
		);
	});
});
