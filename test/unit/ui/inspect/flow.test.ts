import fc from 'fast-check';
import { expect, test } from 'vitest';
import { stringWidthCells } from '../../../../src/text/width.ts';
import { brokenLines, documentLine, longestLine } from '../../../../src/ui/inspect/document.ts';
import { findMatches, firstMatchFrom, matchAt } from '../../../../src/ui/inspect/find.ts';
import { hangOf, unwrapped, wrapped } from '../../../../src/ui/inspect/flow.ts';
import { placeAt, resolveAnchor, windowOf } from '../../../../src/ui/inspect/place.ts';

const line = (text: string, hang?: number) => ({ text, marks: [], hang });

test('wrapping loses nothing and fits the width', () => {
	const texts = fc.array(
		fc.string({ unit: fc.constantFrom('a', ' ', '日', '👩‍👩‍👧‍👦', 'é', '/'), maxLength: 120 }),
		{
			maxLength: 8,
		},
	);
	fc.assert(
		fc.property(
			texts,
			fc.integer({ min: 4, max: 50 }),
			fc.integer({ min: 0, max: 20 }),
			(all, width, hang) => {
				const lines = all.map((text) => line(text, hang));
				const flow = wrapped(lines, width);
				const joined = lines.map(() => '');
				for (let row = 0; row < flow.count; row++) {
					const at = flow.rowAt(row);
					const text = lines[at.line]?.text.slice(at.start, at.end) ?? '';
					joined[at.line] += text;
					const room = at.part === 0 ? width : width - hangOf(line('', hang), width);
					expect(stringWidthCells(text)).toBeLessThanOrEqual(room);
					expect(flow.rowOf(at.line, at.part)).toBe(row);
				}
				expect(joined).toEqual(all);
			},
		),
	);
});

test('a word stays whole where a blank is near', () => {
	const flow = wrapped([line('the quick brown fox')], 12);
	expect([0, 1].map((row) => flow.rowAt(row).start)).toEqual([0, 10]);
});

test('a cut line keeps its marks and never splits a surrogate pair', () => {
	const long = documentLine([{ text: 'x'.repeat(longestLine - 1) }, { text: '😀end', token: 'fail' }], 'k');
	const parts = brokenLines(long);
	expect(parts.map((part) => part.text.length)).toEqual([longestLine - 1, 5]);
	expect(parts[1]).toMatchObject({ continues: true, marks: [{ start: 0, end: 5, token: 'fail' }] });
});

test('search is smart about capitals and finds every place', () => {
	const lines = ['Foo foo', 'bar', 'FOO'].map((text) => line(text));
	expect(findMatches(lines, 'foo')).toMatchObject({ lines: [0, 0, 2], starts: [0, 4, 0] });
	expect(findMatches(lines, 'Foo')).toMatchObject({ lines: [0], starts: [0] });
	expect(findMatches(lines, '').starts).toEqual([]);
	// İ is longer when made small: the ranges must stay those of the text.
	expect(findMatches([line('İ foo')], 'foo').starts).toEqual([2]);
	const matches = findMatches(lines, 'foo');
	expect(firstMatchFrom(matches, 0, 1)).toBe(1);
	expect(firstMatchFrom(matches, 1, 0)).toBe(2);
	expect(firstMatchFrom(matches, 2, 1)).toBe(3);
	expect(matchAt(matches, 0, 4)).toBe(1);
	expect(matchAt(matches, 0, 3)).toBeUndefined();
});

test('the cursor stays on its line and its row when lines come before it', () => {
	const before = Array.from({ length: 50 }, (_, index) => line(`line ${index}`));
	const flow = unwrapped(before);
	const place = placeAt(before, flow, 30, { top: 25, pageRows: 10, column: 0 });
	expect(windowOf(before, flow, place, 10)).toEqual({ top: 25, cursor: 30 });
	const after = [line('new'), line('new too'), ...before];
	expect(windowOf(after, unwrapped(after), place, 10)).toEqual({ top: 27, cursor: 32 });
	// Gone altogether: the place it had; a shorter document: its end.
	expect(windowOf([line('only')], unwrapped([line('only')]), place, 10)).toEqual({ top: 0, cursor: 0 });
	expect(resolveAnchor([], { key: 'x', line: 3, part: 0 })).toBe(0);
});

test('the page moves only as far as it must', () => {
	const lines = Array.from({ length: 50 }, (_, index) => line(`${index}`));
	const flow = unwrapped(lines);
	const at = (row: number, top: number) =>
		windowOf(lines, flow, placeAt(lines, flow, row, { top, pageRows: 10, column: 0 }), 10);
	expect(at(12, 5)).toEqual({ top: 5, cursor: 12 });
	expect(at(15, 5)).toEqual({ top: 6, cursor: 15 });
	expect(at(3, 5)).toEqual({ top: 3, cursor: 3 });
	expect(at(99, 5)).toEqual({ top: 40, cursor: 49 });
});

test('a blank right behind the last cell begins the next row: it has no cell left in this one', () => {
	const text = `${'a'.repeat(10)} bbbbbbbbbbbb`;
	const flow = wrapped([line(text)], 10);
	expect(flow.rowAt(0)).toMatchObject({ start: 0, end: 10 });
});
