import type { DOMElement } from 'ink';
import { describe, expect, it } from 'vitest';
import { createSurfaces } from '../../../../src/ui/components/surfaces.ts';
import { keptLines, sliceLine } from '../../../../src/ui/format/line.ts';
import { themes } from '../../../../src/ui/theme/themes.ts';
import type { Line } from '../../../../src/ui/theme/tokens.ts';

/** A box as Yoga would have placed it, inside a parent at `parentTop`. */
function boxAt(top: number, left: number, parentTop = 0): DOMElement {
	const placed = (row: number, column: number) => ({
		getComputedTop: () => row,
		getComputedLeft: () => column,
	});
	return {
		yogaNode: placed(top, left),
		parentNode: { yogaNode: placed(parentTop, 0) },
	} as unknown as DOMElement;
}

const line = (text: string): Line => [{ text }];

describe('composing a frame', () => {
	it('puts every box where the layout has it and fills what no box covers', () => {
		const surfaces = createSurfaces(themes.mono);
		surfaces.put(boxAt(0, 0), { lines: [line('header')], columns: 12, rows: 1, layer: 0 });
		surfaces.put(boxAt(1, 7, 1), { lines: [line('right')], columns: 5, rows: 1, layer: 0 });
		surfaces.put(boxAt(1, 0, 1), { lines: [line('left')], columns: 6, rows: 1, layer: 0 });
		expect(surfaces.compose({ columns: 12, rows: 3 }).split('\n')).toEqual([
			'header      ',
			' '.repeat(12),
			'left   right',
		]);
	});

	it('lays a higher layer over a lower one whatever the order they came in', () => {
		const surfaces = createSurfaces(themes.mono);
		surfaces.put(boxAt(0, 3), { lines: [line('[OK]')], columns: 4, rows: 1, layer: 1 });
		surfaces.put(boxAt(0, 0), { lines: [line('0123456789')], columns: 10, rows: 1, layer: 0 });
		expect(surfaces.compose({ columns: 10, rows: 1 })).toBe('012[OK]789');
	});

	it('cuts what is wider than its box and forgets what was unmounted', () => {
		const surfaces = createSurfaces(themes.mono);
		const node = boxAt(0, 0);
		surfaces.put(node, { lines: [line('much too long')], columns: 5, rows: 1, layer: 0 });
		expect(surfaces.compose({ columns: 8, rows: 1 })).toBe('much…   ');
		surfaces.remove(node);
		expect(surfaces.compose({ columns: 8, rows: 1 })).toBe(' '.repeat(8));
	});

	it('ignores boxes that a smaller screen no longer has room for', () => {
		const surfaces = createSurfaces(themes.mono);
		surfaces.put(boxAt(5, 0), { lines: [line('gone')], columns: 4, rows: 1, layer: 0 });
		expect(surfaces.compose({ columns: 4, rows: 2 })).toBe('    \n    ');
	});
});

describe('lines that stay', () => {
	it('are the same objects when they read the same', () => {
		const before = [line('a'), line('b')];
		expect(keptLines(before, [line('a'), line('b')])).toBe(before);
		const changed = keptLines(before, [line('a'), line('c')]);
		expect(changed[0]).toBe(before[0]);
		expect(changed[1]).toEqual(line('c'));
	});

	it('differ when only the colour does', () => {
		const before: readonly Line[] = [[{ text: 'a', token: 'ok' }]];
		expect(keptLines(before, [[{ text: 'a', token: 'fail' }]])).not.toBe(before);
	});
});

describe('a part of a line', () => {
	it('never splits a wide character', () => {
		const text = sliceLine(line('a日本b'), 2, 6)
			.map((span) => span.text)
			.join('');
		expect(text).not.toContain('日');
	});
});
