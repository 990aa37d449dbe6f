import type { ListState } from '../store/slices/lists.ts';
import type { BaseRow, Column } from './resource.ts';

/** A column with the width that it got on this screen. */
export type PlacedColumn<Row> = { readonly column: Column<Row>; readonly widthCells: number };

/** Columns in the person's order; those they never moved keep their places behind. */
export function orderedColumns<Row>(
	columns: readonly Column<Row>[],
	order: readonly string[],
): readonly Column<Row>[] {
	if (order.length === 0) return columns;
	const rank = (column: Column<Row>): number => {
		const index = order.indexOf(column.id);
		return index < 0 ? order.length + columns.indexOf(column) : index;
	};
	return columns.toSorted((left, right) => rank(left) - rank(right));
}

/** Whether a column is shown, by the configuration and by what was hidden since. */
export function isColumnShown(
	{ hiddenColumns, shownColumns }: Pick<ListState, 'hiddenColumns' | 'shownColumns'>,
	id: string,
): boolean {
	return shownColumns ? shownColumns.includes(id) : !hiddenColumns.includes(id);
}

/**
 * Chooses which columns fit into `width` cells (one cell between two), dropping the least worth keeping,
 * and gives spare cells to those whose content needs them. `contentCells` is the widest content on screen.
 */
export function placeColumns<Row extends BaseRow>(
	columns: readonly Column<Row>[],
	list: Pick<ListState, 'hiddenColumns' | 'shownColumns' | 'columnOrder'>,
	width: number,
	contentCells: (column: Column<Row>) => number,
): readonly PlacedColumn<Row>[] {
	let shown = orderedColumns(columns, list.columnOrder).filter((column) => isColumnShown(list, column.id));
	const least = (): number =>
		shown.reduce((sum, column) => sum + Math.max(column.minCells, column.title.length) + 1, -1);
	while (shown.length > 1 && least() > width) {
		const worst = shown.reduce((left, right) => (right.keep < left.keep ? right : left));
		shown = shown.filter((column) => column !== worst);
	}
	const widths = new Map(shown.map((column) => [column.id, Math.max(column.minCells, column.title.length)]));
	let spare = width - least();
	const byWorth = (left: Column<Row>, right: Column<Row>): number =>
		Number(left.growsLast ?? false) - Number(right.growsLast ?? false) || right.keep - left.keep;
	for (const column of shown.toSorted(byWorth)) {
		const now = widths.get(column.id) ?? column.minCells;
		const wanted = Math.min(column.maxCells, Math.max(now, contentCells(column)));
		const grown = Math.min(spare, wanted - now);
		if (grown > 0) {
			widths.set(column.id, now + grown);
			spare -= grown;
		}
	}
	return shown.map((column) => ({
		column,
		widthCells: Math.min(width, widths.get(column.id) ?? column.minCells),
	}));
}
