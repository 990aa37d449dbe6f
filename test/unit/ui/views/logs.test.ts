import { describe, expect, test } from 'vitest';
import { parseLogPattern } from '../../../../src/ui/entries/log-pattern.ts';
import { lineWidthCells } from '../../../../src/ui/format/line.ts';
import { lineText } from '../../../../src/ui/format/wrap-spans.ts';
import type { PaneBox } from '../../../../src/ui/store/layout.ts';
import type { LogsState } from '../../../../src/ui/store/slices/logs/logs-state.ts';
import { logPaneLines } from '../../../../src/ui/views/logs.tsx';
import { logEntries, logEntry, openLog } from '../store/slices/logs/log-fixture.ts';

function box(columns: number, rows: number): PaneBox {
	return { pane: 'logs', row: 0, column: 0, columns, rows };
}

function shown(logs: LogsState, columns = 40, rows = 5, focused = true): readonly string[] {
	return logPaneLines(logs, box(columns, rows), focused).map((line) => lineText(line).trimEnd());
}

describe('the rows', () => {
	test('a full pane follows the end; a short log begins at the top', () => {
		expect(shown(openLog(logEntries(0, 10))).slice(1)).toEqual([
			'  line 6',
			'  line 7',
			'  line 8',
			'  line 9',
		]);
		expect(shown(openLog(logEntries(0, 2))).slice(1)).toEqual(['  line 0', '  line 1']);
	});

	test('no row is wider than the pane, whatever is in it', () => {
		const nasty = [
			'日本語'.repeat(30),
			'\x1b[31mred\x1b[2J\r\n\t',
			'👩‍👩‍👧‍👦'.repeat(40),
			'x'.repeat(300),
			'e\u0301'.repeat(90),
		];
		const entries = nasty.map((text, index) =>
			logEntry(index, { text, source: 'a-container-with-a-long-name' }),
		);
		for (const wrap of [true, false]) {
			for (const timestamps of ['off', 'local', 'delta'] as const) {
				const view = { wrap, json: true, timestamps, sideways: wrap ? 0 : 7 };
				const logs = openLog(entries, { view, sources: ['a-container-with-a-long-name', 'b'] });
				for (const line of logPaneLines(logs, box(40, 30), true)) {
					expect(lineWidthCells(line)).toBeLessThanOrEqual(40);
					expect(lineText(line)).not.toMatch(/\p{Cc}/u);
				}
			}
		}
	});

	test('wrapped rows stand under the text, not under the time', () => {
		const view = { wrap: true, json: true, timestamps: 'delta', sideways: 0 } as const;
		const entries = [logEntry(0), logEntry(1, { text: 'abcdefghijklmnopqrstuvwxyz0123456789' })];
		expect(shown(openLog(entries, { view }), 40).slice(1)).toEqual([
			'           line 0',
			'   +1.000s abcdefghijklmnopqrstuvwxyz012',
			'           3456789',
		]);
	});

	test('cursor, mark, stream and another attempt have their signs', () => {
		const entries = [
			logEntry(0, { attempt: 1 }),
			logEntry(1, { attempt: 2, stream: 'stderr' }),
			logEntry(2, { attempt: 2 }),
		];
		const marks = new Map([['0:20', entries[2]!]]);
		const logs = openLog(entries, { following: false, cursor: 1, marks });
		const rows = shown(logs, 40, 6).slice(1);
		expect(rows[0]).toBe('  line 0');
		expect(rows[1]).toMatch(/^ {2}── attempt 2 ─+$/u);
		expect(rows.slice(2)).toEqual(['▸▏line 1', '● line 2']);
	});

	test('a gap between matches with their context is shown', () => {
		const query = { filter: parseLogPattern('x'), context: true, streams: 'both' } as const;
		const entries = [logEntry(1, {}, true), logEntry(2), logEntry(7), logEntry(8, {}, true)];
		expect(shown(openLog(entries, { query }), 40, 8).slice(1)).toEqual([
			'  line 1',
			'  line 2',
			'  ┄┄┄',
			'  line 7',
			'  line 8',
		]);
	});

	test('matches are picked out, but not by an expression that could hang the screen', () => {
		const tokens = (text: string): readonly (string | undefined)[] => {
			const search = { ...parseLogPattern(text), matches: undefined };
			const lines = logPaneLines(openLog([logEntry(0, { text: 'aaab' })], { search }), box(40, 4), true);
			return lines[1]?.map(({ token }) => token) ?? [];
		};
		expect(tokens('aab')).toContain('match');
		expect(tokens('/(a+)+b/')).not.toContain('match');
	});
});

describe('the title', () => {
	test('says where one is and what narrows the log', () => {
		const logs = openLog(logEntries(0, 50), {
			following: false,
			newLines: { count: 1234, more: false },
			search: { ...parseLogPattern('needle'), matches: 1024 },
			query: { filter: parseLogPattern('!health'), context: true, streams: 'stderr' },
			position: { percent: 53, totalBytes: 12 * 1024 * 1024 },
			top: { index: 10, row: 0 },
			view: { wrap: true, json: true, timestamps: 'utc', sideways: 0 },
		});
		expect(shown(logs, 120)[0]).toMatch(
			/4 Log of web paused ━+ \+1,234 new \/needle 1,024× &!health ±3 stderr 53% of 12M Jan 01 00:00:10Z/u,
		);
	});

	test('says what takes long and how to stop it', () => {
		const busy = { what: 'searching', ratio: 0.437 } as const;
		expect(shown(openLog(logEntries(0, 5), { busy }), 80)[0]).toContain('searching 43% (Esc stops)');
	});
});

describe('nothing to read', () => {
	test.each([
		[{ source: { kind: 'none', text: 'Choose a container.' } }, 'Choose a container.'],
		[{ source: { kind: 'opening' } }, 'Opening the log …'],
		[{ problem: 'cannot read log file "/x": permission denied' }, 'sudo'],
		[{ problem: 'cannot read log file "/x": the file does not exist' }, 'only on the node'],
		[{ query: { filter: parseLogPattern('zz'), context: false, streams: 'both' } }, 'No line matches "zz"'],
		[{ query: { filter: undefined, context: false, streams: 'stderr' } }, 'Nothing was written to stderr'],
		[{}, 'empty so far'],
	] satisfies (readonly [Partial<LogsState>, string])[])('%j says why', (over, expected) => {
		expect(shown(openLog([], over), 80, 10).join(' ')).toContain(expected);
	});

	test('what is wrong with the files stands at the foot while old lines are shown', () => {
		const logs = openLog(logEntries(0, 50), { problem: 'log file "/x" was deleted' });
		const rows = shown(logs, 80, 10);
		expect([rows.length, rows.at(-1), rows.at(-2)]).toEqual([10, '  log file "/x" was deleted', '  line 49']);
	});
});
