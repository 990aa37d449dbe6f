import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { footerRows, layoutOf } from '../../../../src/ui/store/layout.ts';
import { initialScreen, updateScreen } from '../../../../src/ui/store/slices/screen.ts';
import { paneIds } from '../../../../src/ui/store/state.ts';

const screenOf = (columns: number, rows: number) => initialScreen({ columns, rows });

describe('the layout', () => {
	it('shows all four panes at 80x24, each with at least two rows of content', () => {
		const { boxes, kind } = layoutOf(screenOf(80, 24));
		expect(kind).toBe('stacked');
		expect(boxes.map(({ pane }) => pane)).toEqual([...paneIds]);
		for (const { rows } of boxes) expect(rows).toBeGreaterThanOrEqual(3);
	});

	it('shows one pane at 40x12', () => {
		const { boxes, kind } = layoutOf(screenOf(40, 12));
		expect(kind).toBe('single');
		expect(boxes.map(({ pane }) => pane)).toEqual(['pods']);
	});

	it('puts the log beside the lists at 200x60', () => {
		const { boxes, kind, bodyRows } = layoutOf(screenOf(200, 60));
		expect(kind).toBe('split');
		expect(boxes.at(-1)).toMatchObject({ pane: 'logs', rows: bodyRows });
	});

	it('gives the whole body to a zoomed pane', () => {
		const screen = updateScreen(updateScreen(screenOf(120, 40), { kind: 'paneFocused', pane: 'logs' }), {
			kind: 'zoomToggled',
		});
		expect(layoutOf(screen).boxes).toEqual([{ pane: 'logs', row: 2, column: 0, columns: 120, rows: 37 }]);
	});

	it('never overlaps, never leaves the screen, uses every row of the body', () => {
		fc.assert(
			fc.property(
				fc.integer({ min: 1, max: 300 }),
				fc.integer({ min: 1, max: 120 }),
				fc.constantFrom(...paneIds),
				fc.array(fc.double({ min: 0.1, max: 5, noNaN: true }), { maxLength: 8 }),
				(columns, rows, pane, factors) => {
					let screen = updateScreen(screenOf(columns, rows), { kind: 'paneFocused', pane });
					for (const factor of factors) screen = updateScreen(screen, { kind: 'paneResized', factor });
					const layout = layoutOf(screen);
					expect(layout.boxes.some((box) => box.pane === pane)).toBe(true);
					const stack = layout.kind === 'split' ? layout.boxes.slice(0, -1) : layout.boxes;
					let row = stack[0]?.row ?? 0;
					for (const box of stack) {
						expect(box.row).toBe(row);
						expect(box.rows).toBeGreaterThanOrEqual(1);
						expect(box.column + box.columns).toBeLessThanOrEqual(columns);
						row += box.rows;
					}
					if (rows > 8) expect(row).toBe(rows - footerRows);
				},
			),
		);
	});
});
