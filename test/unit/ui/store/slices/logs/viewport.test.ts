import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
	clampTop,
	endTop,
	entryAt,
	type Heights,
	moveTop,
	reveal,
	rowsTo,
} from '../../../../../../src/ui/store/slices/logs/viewport.ts';

function heights(...rows: readonly number[]): Heights {
	return { count: rows.length, rowsOf: (index) => rows[index] ?? 0 };
}

describe('the end', () => {
	test('is where the last row is the last of the pane, also within a tall line', () => {
		expect(endTop(heights(1, 1, 1, 1, 1), 3)).toEqual({ index: 2, row: 0 });
		expect(endTop(heights(1, 1, 7), 3)).toEqual({ index: 2, row: 4 });
		expect(endTop(heights(1, 4, 1), 3)).toEqual({ index: 1, row: 2 });
	});

	test('is the first row when all fit', () => {
		expect(endTop(heights(1, 1), 5)).toEqual({ index: 0, row: 0 });
		expect(endTop(heights(), 5)).toEqual({ index: 0, row: 0 });
	});
});

describe('moving', () => {
	test('goes through rows of tall lines one by one', () => {
		const all = heights(1, 3, 1, 1, 1);
		expect(moveTop({ index: 0, row: 0 }, 2, all, 3)).toEqual({ index: 1, row: 1 });
		expect(moveTop({ index: 1, row: 1 }, -2, all, 3)).toEqual({ index: 0, row: 0 });
		expect(moveTop({ index: 0, row: 0 }, 100, all, 3)).toEqual({ index: 2, row: 0 });
		expect(moveTop({ index: 2, row: 0 }, -100, all, 3)).toEqual({ index: 0, row: 0 });
	});

	test('there and back is the same place, and no top is beyond the end', () => {
		fc.assert(
			fc.property(
				fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 40 }),
				fc.integer({ min: 1, max: 12 }),
				fc.nat(200),
				fc.integer({ min: -50, max: 50 }),
				(rows, pane, start, delta) => {
					const all = heights(...rows);
					const total = rows.reduce((sum, each) => sum + each, 0);
					const last = Math.max(0, total - pane);
					const rowOf = (top: { index: number; row: number }): number => -rowsTo(top, 0, all);
					const from = moveTop({ index: 0, row: 0 }, start, all, pane);
					expect(rowOf(from)).toBe(Math.min(start, last));
					const to = moveTop(from, delta, all, pane);
					expect(rowOf(to)).toBe(Math.max(0, Math.min(last, rowOf(from) + delta)));
				},
			),
		);
	});

	test('a top that fell off is brought back', () => {
		expect(clampTop({ index: 9, row: 4 }, heights(1, 1, 1), 2)).toEqual({ index: 1, row: 0 });
		expect(clampTop({ index: 0, row: 9 }, heights(3, 5), 2)).toEqual({ index: 0, row: 2 });
		expect(clampTop({ index: 3, row: 1 }, heights(), 2)).toEqual({ index: 0, row: 0 });
	});
});

describe('finding entries', () => {
	test('by row of the pane', () => {
		const all = heights(2, 3, 1);
		expect([0, 1, 2, 3, 4, 5].map((row) => entryAt({ index: 0, row: 1 }, row, all))).toEqual([
			0, 1, 1, 1, 2, 2,
		]);
	});

	test('revealing scrolls as little as shows the whole entry', () => {
		const all = heights(1, 1, 1, 3, 1, 1);
		expect(reveal({ index: 0, row: 0 }, 1, all, 3)).toEqual({ index: 0, row: 0 });
		expect(reveal({ index: 0, row: 0 }, 3, all, 4)).toEqual({ index: 2, row: 0 });
		expect(reveal({ index: 2, row: 0 }, 0, all, 3)).toEqual({ index: 0, row: 0 });
		// Taller than the pane: its beginning.
		expect(reveal({ index: 0, row: 0 }, 3, all, 2)).toEqual({ index: 3, row: 0 });
	});
});
