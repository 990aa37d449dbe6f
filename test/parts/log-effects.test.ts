import * as fs from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { createLogEffects, type LogEffects } from '../../src/ui/effects/log-effects.ts';
import { parseLogPattern } from '../../src/ui/entries/log-pattern.ts';
import type { Dispatch } from '../../src/ui/store/events.ts';
import type { LogsEvent } from '../../src/ui/store/slices/logs/logs-events.ts';
import type { LogQuery, LogsState } from '../../src/ui/store/slices/logs/logs-state.ts';
import { logScreenText } from '../../src/ui/store/slices/logs/pane-rows.ts';
import { tempDir } from '../helpers/temp-dir.ts';
import { cri, numbered } from '../unit/node/logs/log-fixture.ts';
import { fakeHost } from '../unit/ui/effects/fake-host.ts';
import { container, factsOf, nowMs, pod, refreshed } from '../unit/ui/fixtures.ts';

type Stage = {
	readonly effects: LogEffects;
	readonly dispatch: Dispatch;
	readonly logs: () => LogsState;
	readonly tell: (event: LogsEvent) => void;
	/** Waits for what the log pane shows; the text of its rows. */
	readonly sees: (check: (rows: readonly string[], logs: LogsState) => void) => Promise<void>;
	readonly notice: () => string | undefined;
};

/** The effects on a pod "web" whose containers have these logs. */
function stage(logPaths: Readonly<Record<string, string>>): Stage {
	const host = fakeHost();
	const dispatch: Dispatch = (slice, happened) => {
		host.dispatch(slice, happened);
		effects.follow();
	};
	const effects = createLogEffects({ ...host, dispatch }, { settleMs: 0 });
	onTestFinished(() => {
		effects[Symbol.dispose]();
		host.stop();
	});
	const containers = Object.keys(logPaths).map((name) => container('web', name));
	for (const wrapped of refreshed([pod('web')], containers)) dispatch(wrapped.slice, wrapped.event as never);
	const facts = containers.map((each) => factsOf(each, { logPath: logPaths[each.metadata.name] ?? '' }));
	dispatch('inventory', { kind: 'factsReceived', pods: [], containers: facts });
	const logs = (): LogsState => host.getState().logs;
	return {
		effects,
		dispatch,
		logs,
		tell: (happened) => dispatch('logs', happened),
		sees: (check) => vi.waitFor(() => check(logScreenText(host.getState()), logs()), { timeout: 4_000 }),
		notice: () => host.getState().notices.current?.text,
	};
}

async function logFile(content: string | Buffer, name = '0.log'): Promise<string> {
	const file = path.join(tempDir(), name);
	await fs.writeFile(file, content);
	return file;
}

function narrow(query: Partial<LogQuery>): LogsEvent {
	return { kind: 'logQueryChanged', query };
}

describe('reading', () => {
	test('opens at the end and keeps a window, not the file', async () => {
		const { sees, tell } = stage({ app: await logFile(numbered(0, 4_000)) });
		await sees((rows, logs) => {
			expect(rows.at(-1)).toBe('line 3999');
			expect(logs.entries.length).toBeGreaterThan(50);
			expect(logs.entries.length).toBeLessThan(300);
		});
		for (let page = 0; page < 100; page++) tell({ kind: 'logPaged', pages: -1 });
		await sees((_, logs) => expect(logs.top.index).toBeGreaterThan(0));
	});

	test('scrolls through the whole file without a gap', async () => {
		const { sees, tell, logs } = stage({ app: await logFile(numbered(0, 500)) });
		await sees((rows) => expect(rows.at(-1)).toBe('line 499'));
		tell({ kind: 'logCursorMoved', lines: -1 });
		const seen = new Set<string>();
		await vi.waitFor(
			() => {
				for (const { line } of logs().entries) seen.add(line.text);
				const numbers = logs().entries.map(({ line }) => Number(line.text.slice(5)));
				expect(numbers).toEqual(numbers.map((_, index) => (numbers[0] ?? 0) + index));
				tell({ kind: 'logPaged', pages: -1 });
				expect(logs().cursor === 0 && logs().atStart).toBe(true);
			},
			{ timeout: 5_000, interval: 1 },
		);
		expect(seen.size).toBe(500);
	});

	test('goes to the start and back to the end', async () => {
		const { sees, effects } = stage({ app: await logFile(numbered(0, 5_000)) });
		await sees((rows) => expect(rows.at(-1)).toBe('line 4999'));
		effects.toStart();
		await sees((rows, logs) => expect([rows[0], logs.following]).toEqual(['line 0', false]));
		effects.toEnd();
		await sees((rows, logs) => expect([rows.at(-1), logs.following]).toEqual(['line 4999', true]));
	});

	test('goes to a time, and says when nothing is that late', async () => {
		const { sees, effects, notice } = stage({ app: await logFile(numbered(0, 5_000)) });
		await sees((rows) => expect(rows.at(-1)).toBe('line 4999'));
		effects.toTime(2_500_500_000_000n);
		await sees((rows) => expect(rows[0]).toBe('line 2501'));
		effects.toTime(BigInt(nowMs) * 1_000_000n);
		await sees((rows) => expect(rows.at(-1)).toBe('line 4999'));
		expect(notice()).toMatch(/Nothing was logged at or after/u);
	});

	test('earlier attempts come before, and p goes to the one before', async () => {
		const file = await logFile(numbered(100, 200), '2.log');
		await fs.writeFile(path.join(path.dirname(file), '1.log'), numbered(0, 100));
		const { sees, effects, notice } = stage({ app: file });
		await sees((rows) => expect(rows.at(-1)).toBe('line 199'));
		effects.toPreviousAttempt();
		await sees((rows) => expect(rows[0]).toBe('line 0'));
		expect(notice()).toContain('attempt 1');
		effects.toPreviousAttempt();
		await vi.waitFor(() => expect(notice()).toMatch(/No log of an earlier attempt/u));
	});

	test("a pod's containers are merged by time", async () => {
		const one = await logFile(cri(1, 'a1') + cri(3, 'a3'));
		const two = await logFile(cri(2, 'b2') + cri(4, 'b4'));
		const { sees, tell } = stage({ one, two });
		tell({ kind: 'logModeChosen', mode: 'pod' });
		await sees((rows, logs) => {
			expect(rows.filter((row) => row !== '')).toEqual(['one a1', 'two b2', 'one a3', 'two b4']);
			expect(logs.title).toBe('pod web');
		});
	});
});

describe('following', () => {
	test('shows what is written, also through rotation', async () => {
		const file = await logFile(numbered(0, 5));
		const { sees } = stage({ app: file });
		await sees((rows) => expect(rows.filter(Boolean).at(-1)).toBe('line 4'));
		await fs.appendFile(file, numbered(5, 8));
		await sees((rows) => expect(rows.filter(Boolean).at(-1)).toBe('line 7'));
		await fs.rename(file, `${file}.20260101-000000`);
		await fs.writeFile(file, numbered(8, 10));
		await sees((rows, logs) => {
			expect(logs.entries.map(({ line }) => line.text)).toEqual(
				Array.from({ length: 10 }, (_, index) => `line ${index}`),
			);
			expect(logs.remark).toMatch(/rotated/u);
			expect(rows).toContain('line 9');
		});
	});

	test('a flood is not read line by line, and its last line is shown', async () => {
		const file = await logFile(numbered(0, 5));
		const { sees, logs } = stage({ app: file });
		await sees((rows) => expect(rows).toContain('line 4'));
		await fs.appendFile(file, numbered(5, 5_000));
		await sees((rows) => expect(rows.at(-1)).toBe('line 4999'));
		expect(logs().entries.length).toBeLessThan(500);
	});

	test('released, the view stands still and what comes is counted', async () => {
		const file = await logFile(numbered(0, 100));
		const { sees, tell, effects } = stage({ app: file });
		await sees((rows) => expect(rows.at(-1)).toBe('line 99'));
		tell({ kind: 'logCursorMoved', lines: -1 });
		await fs.appendFile(file, numbered(100, 7_334));
		await sees((rows, logs) => {
			expect(logs.newLines).toEqual({ count: 7_234, more: false });
			expect(rows.at(-1)).toBe('line 99');
		});
		effects.toEnd();
		await sees((rows, logs) => expect([rows.at(-1), logs.newLines.count]).toEqual(['line 7333', 0]));
	});

	test('a file that is emptied or removed is said, and the pane lives on', async () => {
		const file = await logFile(numbered(0, 30));
		const { sees } = stage({ app: file });
		await sees((rows) => expect(rows).toContain('line 29'));
		await fs.truncate(file, 0);
		await sees((_, logs) => expect(logs.remark).toMatch(/emptied/u));
		await fs.appendFile(file, numbered(50, 52));
		await sees((rows) => expect(rows).toContain('line 51'));
		await fs.rm(file);
		await sees((_, logs) => expect(logs.problem).toMatch(/deleted|exist/u));
		await fs.writeFile(file, numbered(60, 62));
		await sees((rows, logs) => {
			expect(rows).toContain('line 61');
			expect(logs.problem).toBeUndefined();
		});
	});
});

describe('searching and narrowing', () => {
	test('finds the nearest match, the next and the one before, and counts them all', async () => {
		const { sees, tell, effects, notice, logs } = stage({ app: await logFile(numbered(0, 5_000)) });
		await sees((rows) => expect(rows.at(-1)).toBe('line 4999'));
		tell({ kind: 'logSearchChanged', pattern: parseLogPattern('/000$/') });
		const cursorText = (): string | undefined => logs().entries[logs().cursor]?.line.text;
		effects.find('forward', true);
		await sees(() => expect(cursorText()).toBe('line 4000'));
		expect(notice()).toMatch(/last one above/u);
		effects.find('backward');
		await sees(() => expect(cursorText()).toBe('line 3000'));
		effects.find('forward');
		await sees((_, { search }) => expect([cursorText(), search?.matches]).toEqual(['line 4000', 4]));
		effects.find('forward');
		await vi.waitFor(() => expect(notice()).toMatch(/No more matches below/u));
		expect(cursorText()).toBe('line 4000');
	});

	test('a filter shows only what matches, also of what comes; then with its surroundings', async () => {
		const file = await logFile(numbered(0, 3_000));
		const { sees, tell } = stage({ app: file });
		await sees((rows) => expect(rows.at(-1)).toBe('line 2999'));
		tell(narrow({ filter: parseLogPattern('/ (2|20)?500$/') }));
		await sees((rows) => expect(rows.filter(Boolean)).toEqual(['line 500', 'line 2500']));
		await fs.appendFile(file, numbered(3_000, 4_000) + cri(9_000, 'line 20500'));
		await sees((rows) => expect(rows.filter(Boolean).at(-1)).toBe('line 20500'));
		tell(narrow({ context: true }));
		await sees((rows) => {
			const all = rows.filter(Boolean);
			expect(all).toEqual(
				[
					...[497, 498, 499, 500, 501, 502, 503].map((at) => `line ${at}`),
					'┄┄┄',
					...[2497, 2498, 2499, 2500, 2501, 2502, 2503].map((at) => `line ${at}`),
					'┄┄┄',
					...[3997, 3998, 3999].map((at) => `line ${at}`),
					'line 20500',
				].slice(-all.length),
			);
		});
		tell(narrow({ filter: undefined, context: false }));
		await sees((rows) => expect(rows.slice(-2)).toEqual(['line 3999', 'line 20500']));
	});

	test('a filter that nothing passes ends, and says so by an empty window', async () => {
		const { sees, tell } = stage({ app: await logFile(numbered(0, 3_000)) });
		await sees((rows) => expect(rows.at(-1)).toBe('line 2999'));
		tell(narrow({ filter: parseLogPattern('nowhere') }));
		await sees((_, logs) =>
			expect([logs.entries.length, logs.atStart, logs.busy]).toEqual([0, true, undefined]),
		);
	});

	test('a released view that a filter emptied is back at its place without the filter', async () => {
		const { sees, tell, effects, logs } = stage({ app: await logFile(numbered(0, 3_000)) });
		await sees((rows) => expect(rows.at(-1)).toBe('line 2999'));
		effects.toStart();
		await sees((rows) => expect(rows[0]).toBe('line 0'));
		tell({ kind: 'logCursorMoved', lines: 700 });
		const place = logs().entries[logs().cursor]?.line.text ?? '';
		expect(place).toMatch(/^line [1-9]/u);
		for (const text of ['nowhere', 'nowhere either']) {
			tell(narrow({ filter: parseLogPattern(text) }));
			await sees((_, { entries, busy }) => expect([entries.length, busy]).toEqual([0, undefined]));
		}
		tell(narrow({ filter: undefined }));
		await sees((rows) => expect(rows).toContain(place));
	});

	test('one stream is picked out of the whole history', async () => {
		let content = numbered(0, 4_000);
		content = `${cri(0, 'first', { stream: 'stderr' })}${content}${cri(5_000, 'last', { stream: 'stderr' })}`;
		const { sees, tell } = stage({ app: await logFile(content) });
		await sees((rows) => expect(rows.at(-1)).toBe('last'));
		tell(narrow({ streams: 'stderr' }));
		await sees((rows) => expect(rows.filter(Boolean)).toEqual(['first', 'last']));
	});
});

describe('saving', () => {
	async function saved(
		change: (of: Stage) => void,
		what: 'everything' | 'marked' | 'screen',
	): Promise<string> {
		const of = stage({ app: await logFile(numbered(0, 100)) });
		await of.sees((rows) => expect(rows.at(-1)).toBe('line 99'));
		change(of);
		const file = path.join(tempDir(), 'out.log');
		of.effects.save(file, what);
		await vi.waitFor(() => expect(of.notice()).toMatch(/^Saved \d+ lines? /u), { timeout: 4_000 });
		return await fs.readFile(file, 'utf8');
	}

	test('everything, as the filter has it', async () => {
		expect((await saved(() => undefined, 'everything')).split('\n').length).toBe(101);
		const filtered = await saved(
			({ tell }) => tell(narrow({ filter: parseLogPattern('/[37]7$/') })),
			'everything',
		);
		expect(filtered).toBe('line 37\nline 77\n');
	});

	test('with exact times when times are shown', async () => {
		const text = await saved(
			({ tell }) => tell({ kind: 'logViewToggled', what: 'timestamps' }),
			'everything',
		);
		expect(text.split('\n')[1]).toBe('1970-01-01T00:00:01.000000000Z line 1');
	});

	test('with lines whole that are too long to be shown, of one stream with the exact time as well', async () => {
		const long = `${'x'.repeat(200_000)} end`;
		const content = `${cri(0, 'other', { stream: 'stdout' })}${cri(1, long, { stream: 'stderr' })}`;
		const { sees, tell, effects, notice } = stage({ app: await logFile(content) });
		await sees((_, { entries }) => expect(entries).toHaveLength(2));
		tell(narrow({ streams: 'stderr' }));
		tell({ kind: 'logViewToggled', what: 'timestamps' });
		const folder = tempDir();
		for (const [name, saved] of [
			['text', `1970-01-01T00:00:01.000000000Z ${long}\n`],
			['raw.cri', `1970-01-01T00:00:01.000000000Z stderr F ${long}\n`],
		] as const) {
			const file = path.join(folder, name);
			effects.save(file, 'everything');
			await vi.waitFor(() => expect(notice()).toContain(file));
			expect((await fs.readFile(file, 'utf8')) === saved).toBe(true);
		}
	});

	test('exactly the screen, or the marked lines', async () => {
		const screen = (await saved(() => undefined, 'screen')).trimEnd().split('\n');
		expect([screen.length < 24, screen.at(-1)]).toEqual([true, 'line 99']);
		const marked = await saved(({ tell }) => {
			tell({ kind: 'logCursorMoved', lines: -5 });
			tell({ kind: 'logMarkToggled' });
			tell({ kind: 'logCursorMoved', lines: -1 });
			tell({ kind: 'logMarkToggled' });
		}, 'marked');
		expect(marked).toBe('line 93\nline 94\n');
	});

	test('a file that is there is never overwritten', async () => {
		const { sees, effects, notice } = stage({ app: await logFile(numbered(0, 3)) });
		await sees((rows) => expect(rows).toContain('line 2'));
		const file = path.join(tempDir(), 'mine');
		await fs.writeFile(file, 'mine');
		for (const what of ['everything', 'screen'] as const) {
			effects.save(file, what);
			await vi.waitFor(() => expect(notice()).toMatch(/is there already/u));
		}
		expect(await fs.readFile(file, 'utf8')).toBe('mine');
	});
});

describe('no log', () => {
	test('no path, no file: said in words, and a file that appears is shown', async () => {
		const file = path.join(tempDir(), '0.log');
		const { sees, dispatch } = stage({ none: '', some: file });
		await sees((_, { source }) => expect(source).toMatchObject({ kind: 'none' }));
		dispatch('lists', { kind: 'cursorPlaced', list: 'containers', index: 1 });
		await sees((_, logs) => expect(logs.problem).toMatch(/does not exist/u));
		await fs.writeFile(file, numbered(0, 2));
		await sees((rows, logs) => expect([rows[1], logs.problem]).toEqual(['line 1', undefined]));
	});

	test('what is no log is shown as it is', async () => {
		const bytes = Buffer.from(Array.from({ length: 50_000 }, (_, index) => (index * 7919) % 256));
		const { sees } = stage({ app: await logFile(bytes) });
		await sees((rows, logs) => {
			expect(logs.entries.length).toBeGreaterThan(0);
			for (const row of rows) expect(row).not.toMatch(/\p{Cc}/u);
		});
	});

	test('the log stays when the runtime forgets the container', async () => {
		const { sees, dispatch } = stage({ app: await logFile(numbered(0, 3)) });
		await sees((rows) => expect(rows).toContain('line 2'));
		for (const wrapped of refreshed([pod('web')], [])) dispatch(wrapped.slice, wrapped.event as never);
		await sees((rows) => expect(rows).toContain('line 2'));
	});
});
