import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { orderedColumns, placeColumns } from '../../../../src/ui/resources/column-layout.ts';
import { resourceOf } from '../../../../src/ui/resources/index.ts';

const { columns } = resourceOf('containers');
const view = { hiddenColumns: [], shownColumns: undefined, columnOrder: [] };

function widthOf(placed: readonly { readonly widthCells: number }[]): number {
	return placed.reduce((sum, { widthCells }) => sum + widthCells + 1, -1);
}

describe('columns on a screen', () => {
	it('always fit, and the state and the name go last', () => {
		fc.assert(
			fc.property(fc.integer({ min: 24, max: 300 }), fc.integer({ min: 1, max: 90 }), (width, content) => {
				const placed = placeColumns(columns, view, width, () => content);
				expect(widthOf(placed)).toBeLessThanOrEqual(width);
				expect(placed.map(({ column }) => column.id)).toEqual(expect.arrayContaining(['state', 'name']));
			}),
		);
	});

	it('gives text its room before a sparkline grows', () => {
		const placed = placeColumns(columns, view, 150, ({ id }) => (id === 'image' ? 44 : 5));
		const widths = new Map(placed.map(({ column, widthCells }) => [column.id, widthCells]));
		expect(widths.get('image')).toBe(44);
	});

	it('shows exactly what the configuration names, in its order', () => {
		const shownColumns = ['memory', 'name'];
		const placed = placeColumns(
			columns,
			{ hiddenColumns: [], shownColumns, columnOrder: shownColumns },
			200,
			() => 5,
		);
		expect(placed.map(({ column }) => column.id)).toEqual(shownColumns);
	});

	it('leaves columns that nobody moved behind those that were', () => {
		expect(
			orderedColumns(columns, ['age'])
				.map(({ id }) => id)
				.slice(0, 3),
		).toEqual(['age', 'state', 'name']);
	});
});
