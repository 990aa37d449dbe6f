import { describe, expect, test } from 'vitest';
import { stringWidthCells } from '../../../../src/text/width.ts';
import { expandedContent, logContent } from '../../../../src/ui/format/log-content.ts';
import { findLevel } from '../../../../src/ui/format/log-level.ts';
import { lineText, markRanges, sliceLine, wrapSpans } from '../../../../src/ui/format/wrap-spans.ts';
import { logLine } from '../store/slices/logs/log-fixture.ts';

const readable = { json: true, utc: true };

function texts(rows: readonly (readonly { readonly text: string }[])[]): readonly string[] {
	return rows.map((row) => row.map(({ text }) => text).join(''));
}

describe('content', () => {
	test('own colours are kept, everything else is harmless', () => {
		const content = logContent(
			logLine(1, { text: '\x1b[31mred\x1b[0m \x1b[2J\x1b]0;t\x07ERROR\x00' }),
			readable,
		);
		expect(content).toEqual([{ text: 'red', sgr: '31' }, { text: ' ERROR␀' }]);
	});

	test('a line without colours has its level picked out', () => {
		expect(logContent(logLine(1, { text: 'at 12:00 ERROR no' }), readable)).toEqual([
			{ text: 'at 12:00 ' },
			{ text: 'ERROR', token: 'fail', bold: true },
			{ text: ' no' },
		]);
	});

	test('what is not shown of a long line is said', () => {
		const content = logContent(logLine(1, { text: 'abc', truncatedBytes: 956_416 }), readable);
		expect(lineText(content)).toBe('abc (… 934 KiB more)');
	});

	test('JSON is readable: level, time, message, the rest dim; raw where asked', () => {
		const line = logLine(1, {
			text: '{"time":"2026-01-02T03:04:05Z","level":"warn","msg":"slow\\u001b[2J","ms":9}',
		});
		const content = logContent(line, readable);
		expect(lineText(content)).toBe('WARN  03:04:05.000Z slow ms=9');
		expect(content.at(-1)?.token).toBe('muted');
		expect(lineText(logContent(line, { json: false, utc: true }))).toBe(line.text);
	});

	test('a line in full says where it came from', () => {
		const rows = expandedContent(logLine(1, { text: '{"a":1}', stream: 'stderr', attempt: 2 }));
		expect(texts(rows)).toEqual([
			'1970-01-01T00:00:01.000000000Z · stderr · attempt 2 · 7 B',
			'{',
			'  "a": 1',
			'}',
		]);
	});
});

describe('levels', () => {
	test.each([
		['2026 ERROR boom', 'fail', 'ERROR'],
		['level=error msg=x', 'fail', 'error'],
		['{"severity":"WARNING"}', 'warn', 'WARNING'],
		['[warn] slow', 'warn', 'warn'],
		['E1122 12:00:00.000000 1 x.go:1] boom', 'fail', 'E1122'],
		['W1122 12:00:00.000000 1 x.go:1] hm', 'warn', 'W1122'],
		['<ERR> x', 'fail', 'ERR'],
	])('%s', (text, level, word) => {
		const found = findLevel(text);
		expect([found?.level, text.slice(found?.start, found?.end)]).toEqual([level, word]);
	});

	test.each([
		'no errors found',
		'I1122 12:00:00.000000 fine',
		'ERRORS=0',
		'a warning in prose',
		`${'x'.repeat(200)} ERROR`,
	])('%s is of no concern', (text) => expect(findLevel(text)).toBeUndefined());
});

describe('wrapping', () => {
	test('loses nothing and never splits a wide character', () => {
		const line = [{ text: 'ab日本語' }, { text: 'cd👩‍👩‍👧ef', sgr: '31' }];
		for (const width of [2, 3, 4, 5, 7, 80]) {
			const rows = wrapSpans(line, width);
			expect(texts(rows).join('')).toBe(lineText(line));
			for (const row of texts(rows)) expect(stringWidthCells(row)).toBeLessThanOrEqual(width);
		}
		expect(texts(wrapSpans(line, 5))).toEqual(['ab日', '本語c', 'd👩‍👩‍👧ef']);
	});

	test('a line that fits has one row, an empty one too', () => {
		expect(wrapSpans([{ text: 'x'.repeat(10) }], 10).length).toBe(1);
		expect(wrapSpans([{ text: 'x'.repeat(11) }], 10).length).toBe(2);
		expect(wrapSpans([], 10)).toEqual([[]]);
	});

	test('looking sideways cuts by cells', () => {
		expect(lineText(sliceLine([{ text: 'ab' }, { text: '日本cd' }], 3, 4))).toBe(' 本c');
	});

	test('marks change the look of exactly their range', () => {
		const marked = markRanges([{ text: 'abc' }, { text: 'def', sgr: '1' }], [{ start: 1, end: 4 }], {
			token: 'match',
		});
		expect(marked).toEqual([
			{ text: 'a' },
			{ text: 'bc', token: 'match' },
			{ text: 'd', token: 'match' },
			{ text: 'ef', sgr: '1' },
		]);
	});
});
