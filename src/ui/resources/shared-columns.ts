import { shortId } from '../../cri/ids.ts';
import { matched } from './cells.ts';
import type { BaseRow, Column } from './resource.ts';

/** Characters of an id that a list shows. */
const idCells = 13;

/** The short id: what one types into crictl. The first column to go where room is short. */
export function idColumn<Row extends BaseRow>(): Column<Row> {
	return {
		id: 'id',
		title: 'ID',
		minCells: idCells,
		maxCells: idCells,
		keep: 10,
		field: 'id',
		cell: (row, { ranges }) =>
			matched(
				shortId(row.id),
				ranges.filter(({ end }) => end <= idCells),
				'muted',
			),
		sortKey: (row) => row.id,
	};
}
