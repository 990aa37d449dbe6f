import { describe, expect, test } from 'vitest';
import { parseLogPattern } from '../../../../../../src/ui/entries/log-pattern.ts';
import type { LogsEvent } from '../../../../../../src/ui/store/slices/logs/logs-events.ts';
import type { LogsState } from '../../../../../../src/ui/store/slices/logs/logs-state.ts';
import { shownTop } from '../../../../../../src/ui/store/slices/logs/moves.ts';
import { updateLogs } from '../../../../../../src/ui/store/slices/logs.ts';
import { logEntries, logEntry, openLog } from './log-fixture.ts';

const geometry = { columns: 80, rows: 5 };

function happened(state: LogsState, ...events: readonly LogsEvent[]): LogsState {
	return events.reduce((current, event) => updateLogs(current, event, geometry), state);
}

/** Key of the entry at the top of the pane, and the row of it. */
function topOf(state: LogsState): string {
	const { index, row } = shownTop(state, geometry);
	return `${state.entries[index]?.key}+${row}`;
}

const up: LogsEvent = { kind: 'logCursorMoved', lines: -1 };
const down: LogsEvent = { kind: 'logCursorMoved', lines: 1 };

function appended(from: number, to: number): LogsEvent {
	return { kind: 'logLinesAppended', session: 1, entries: logEntries(from, to) };
}

describe('following', () => {
	test('keeps the last line at the foot as lines come', () => {
		const state = happened(openLog(logEntries(0, 10)), appended(10, 13));
		expect(topOf(state)).toBe('0:80+0');
		expect(state.entries[state.cursor]?.line.text).toBe('line 12');
	});

	test('an unfinished line is replaced by what it became', () => {
		const begun = openLog([...logEntries(0, 9), logEntry(9, { text: 'lin', open: true })]);
		const state = happened(begun, { kind: 'logLinesAppended', session: 1, entries: logEntries(9, 11) });
		expect(state.entries.map(({ line }) => line.text).slice(-3)).toEqual(['line 8', 'line 9', 'line 10']);
	});

	test('the window stays small however much comes', () => {
		let state = openLog(logEntries(0, 10));
		for (let at = 10; at < 5_000; at += 100) state = happened(state, appended(at, at + 100));
		expect(state.entries.length).toBeLessThan(250);
		expect(state.entries.at(-1)?.line.text).toBe('line 5009');
		expect(state.atStart).toBe(false);
	});

	test('going up releases it and nothing moves while lines come', () => {
		const released = happened(openLog(logEntries(0, 20)), up);
		expect(released.following).toBe(false);
		expect(topOf(released)).toBe('0:150+0');
		const grown = happened(released, { kind: 'logGrew', session: 1, count: 7, more: false });
		const more = happened(grown, { kind: 'logGrew', session: 1, count: 3, more: true });
		expect(topOf(more)).toBe('0:150+0');
		expect(more.newLines).toEqual({ count: 10, more: true });
		expect(happened(released, appended(20, 30))).toBe(released);
	});

	test('coming back to the end takes it again; only when nothing came meanwhile', () => {
		const released = happened(openLog(logEntries(0, 20)), up, up);
		expect(happened(released, down).following).toBe(false);
		const back = happened(released, down, down);
		expect(back.following).toBe(true);
		const grown = happened(released, { kind: 'logGrew', session: 1, count: 1, more: false });
		expect(happened(grown, down, down, down).following).toBe(false);
		expect(happened(grown, { kind: 'logEndTaken' })).toMatchObject({
			following: true,
			newLines: { count: 0 },
		});
	});

	test('f lets go without moving and takes the end again', () => {
		const state = openLog(logEntries(0, 20));
		const held = happened(state, { kind: 'logFollowToggled' });
		expect([held.following, topOf(held)]).toEqual([false, '0:150+0']);
		expect(happened(held, { kind: 'logFollowToggled' }).following).toBe(true);
	});

	test('down at the end changes nothing', () => {
		const state = openLog(logEntries(0, 20));
		expect(happened(state, down)).toBe(state);
		expect(happened(state, { kind: 'logPaged', pages: 1 })).toBe(state);
	});
});

describe('scrolling', () => {
	test('the view moves only when the cursor leaves it', () => {
		const state = happened(openLog(logEntries(0, 20)), up, up, up, up);
		expect(topOf(state)).toBe('0:150+0');
		expect(topOf(happened(state, up))).toBe('0:140+0');
	});

	test('a page keeps one row in sight and the cursor on its row', () => {
		const state = happened(openLog(logEntries(0, 40)), up, { kind: 'logPaged', pages: -1 });
		expect(topOf(state)).toBe('0:310+0');
		expect(state.entries[state.cursor]?.key).toBe('0:340');
		const half = happened(state, { kind: 'logPaged', pages: -0.5 });
		expect(topOf(half)).toBe('0:280+0');
	});

	test('at the edge of the window the cursor goes to the edge', () => {
		const top = happened(openLog(logEntries(0, 8)), { kind: 'logPaged', pages: -1 });
		expect(topOf(top)).toBe('0:0+0');
		expect(happened(top, { kind: 'logPaged', pages: -1 }).cursor).toBe(0);
	});

	test('a line taller than the pane is scrolled through row by row, both ways', () => {
		const tall = logEntry(1, { text: 'x'.repeat(78 * 8) });
		const entries = [logEntry(0), tall, logEntry(2)];
		let state = openLog(entries, { following: false, cursor: 0, top: { index: 0, row: 0 } });
		const tops: string[] = [];
		for (let step = 0; step < 7; step++) {
			state = happened(state, down);
			tops.push(topOf(state));
		}
		// The pane has five rows, the tall line eight: three steps through it, one to the line below it.
		expect(tops.slice(0, 4)).toEqual(['0:10+0', '0:10+1', '0:10+2', '0:10+3']);
		expect(state.following).toBe(true);
		const back = happened(state, up);
		expect(back.entries[back.cursor]?.key).toBe('0:10');
		expect(topOf(happened(back, up, up, up, up, up, up, up))).toBe('0:0+0');
	});

	test('pages read before and after leave the view where it is', () => {
		const state = openLog(logEntries(100, 120), {
			following: false,
			top: { index: 5, row: 0 },
			cursor: 7,
			atEnd: false,
		});
		const before = happened(state, {
			kind: 'logPageRead',
			session: 1,
			direction: 'before',
			entries: logEntries(40, 100),
			reachedEdge: false,
		});
		expect(topOf(before)).toBe('0:1050+0');
		expect(before.entries[before.cursor]?.key).toBe('0:1070');
		const both = happened(before, {
			kind: 'logPageRead',
			session: 1,
			direction: 'after',
			entries: logEntries(120, 180),
			reachedEdge: true,
		});
		expect([topOf(both), both.entries.length, both.atEnd]).toEqual(['0:1050+0', 140, true]);
	});

	test('what is far away is let go, on either side', () => {
		let state = openLog(logEntries(0, 50), {
			following: false,
			atEnd: false,
			top: { index: 0, row: 0 },
			cursor: 0,
		});
		for (let at = 50; at < 2_000; at += 50) {
			const page: LogsEvent = {
				kind: 'logPageRead',
				session: 1,
				direction: 'after',
				entries: logEntries(at, at + 50),
				reachedEdge: false,
			};
			state = happened(state, page, { kind: 'logScrolled', rows: 50 });
		}
		expect(state.entries.length).toBeLessThan(600);
		expect(state.atStart).toBe(false);
		const text = topOf(state);
		const first = (state.entries[0]?.line.start.offset ?? 0) / 10;
		const back = happened(state, {
			kind: 'logPageRead',
			session: 1,
			direction: 'before',
			entries: logEntries(first - 50, first),
			reachedEdge: false,
		});
		expect(topOf(back)).toBe(text);
	});

	test('answers of a log that is closed are dropped', () => {
		const state = openLog(logEntries(0, 3));
		expect(happened(state, { kind: 'logLinesAppended', session: 9, entries: logEntries(3, 5) })).toBe(state);
		expect(happened(state, { kind: 'logGrew', session: 0, count: 5, more: false })).toBe(state);
	});
});

describe('places', () => {
	const far = (placement: 'top' | 'middle'): LogsEvent => ({
		kind: 'logPlaceRead',
		session: 1,
		entries: logEntries(500, 560),
		cursor: 30,
		placement,
		reachedStart: false,
		reachedEnd: false,
	});

	test('a place releases the view and shows the line where it was asked for', () => {
		const top = happened(openLog(logEntries(0, 20)), far('top'));
		expect([top.following, topOf(top), top.cursor]).toEqual([false, '0:5300+0', 30]);
		const middle = happened(openLog(logEntries(0, 20)), far('middle'));
		expect(topOf(middle)).toBe('0:5290+0');
	});

	test('a line in sight is gone to without moving the view', () => {
		const state = openLog(logEntries(0, 20), { following: false, top: { index: 5, row: 0 }, cursor: 5 });
		const near = happened(state, { kind: 'logEntryChosen', session: 1, key: '0:80' });
		expect([topOf(near), near.cursor]).toEqual(['0:50+0', 8]);
		const away = happened(state, { kind: 'logEntryChosen', session: 1, key: '0:120' });
		expect([topOf(away), away.cursor]).toEqual(['0:110+0', 12]);
	});
});

describe('how it is shown', () => {
	test('a new log keeps the way of showing but not what narrows it', () => {
		const state = openLog(logEntries(0, 5), {
			view: { wrap: false, json: false, timestamps: 'utc', sideways: 40 },
			query: { filter: parseLogPattern('x'), context: true, streams: 'stderr' },
			marks: new Map([['0:0', logEntry(0)]]),
		});
		const next = happened(state, {
			kind: 'logTargetChosen',
			target: { kind: 'container', id: 'c2' },
			title: 'api',
			sources: [],
			source: { kind: 'opening' },
		});
		expect(next.view).toEqual({ wrap: false, json: false, timestamps: 'utc', sideways: 0 });
		expect(next).toMatchObject({ session: 2, entries: [], following: true, query: { streams: 'both' } });
		expect(next.query.filter).toBeUndefined();
		expect(next.marks.size).toBe(0);
	});

	test('marks are by line: a range, one more, and none', () => {
		const state = openLog(logEntries(0, 20), { following: false, cursor: 10, top: { index: 8, row: 0 } });
		const range: LogsEvent = { kind: 'logRangeToggled' };
		const marked = happened(state, range, down, down, range, down, { kind: 'logMarkToggled' });
		expect([...marked.marks.keys()]).toEqual(['0:100', '0:110', '0:120', '0:130']);
		expect(happened(marked, { kind: 'logMarkToggled' }).marks.size).toBe(3);
		expect(happened(marked, { kind: 'logMarksCleared' }).marks.size).toBe(0);
	});

	test('times go off, local, UTC, delta, off', () => {
		let state = openLog(logEntries(0, 3));
		const seen: string[] = [];
		for (let step = 0; step < 4; step++) {
			state = happened(state, { kind: 'logViewToggled', what: 'timestamps' });
			seen.push(state.view.timestamps);
		}
		expect(seen).toEqual(['local', 'utc', 'delta', 'off']);
	});

	test('the matches of another search are not taken over', () => {
		const state = happened(openLog([]), { kind: 'logSearchChanged', pattern: parseLogPattern('one') });
		const counted = happened(state, { kind: 'logMatchesCounted', text: 'two', matches: 4 });
		expect(counted.search?.matches).toBeUndefined();
		expect(happened(state, { kind: 'logMatchesCounted', text: 'one', matches: 4 }).search?.matches).toBe(4);
	});

	test('a line shown in full is brought wholly into the pane', () => {
		const json = logEntry(19, { text: '{"a":1,"b":2}' });
		const state = happened(openLog([...logEntries(0, 19), json]), { kind: 'logLineExpanded' });
		expect([state.following, topOf(state)]).toEqual([false, '0:190+0']);
	});
});
