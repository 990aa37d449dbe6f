import { sanitizeLine } from '../../text/sanitize.ts';
import { stringWidthCells } from '../../text/width.ts';

/** How a table is set. */
export type TableLayout = {
	/** What a column has at least, with the room behind it. */
	readonly leastCells: number;
	readonly gapCells: number;
};

/** As crictl sets its tables. */
const crictlLayout: TableLayout = { leastCells: 20, gapCells: 3 };

/**
 * Rows as text, the last column open-ended. No cell can break its row or reach the terminal: it is sanitised.
 * Source: cri-tools v1.36 cmd/crictl/display.go (text/tabwriter with minwidth 20, padding 3).
 */
export function tableText(
	rows: readonly (readonly string[])[],
	{ leastCells, gapCells }: TableLayout = crictlLayout,
): string {
	const clean = rows.map((row) => row.map(sanitizeLine));
	const widths: number[] = [];
	for (const row of clean) {
		row.slice(0, -1).forEach((cell, column) => {
			widths[column] = Math.max(widths[column] ?? leastCells, stringWidthCells(cell) + gapCells);
		});
	}
	return clean
		.map((row) => {
			const last = row.length - 1;
			const cells = row.map((cell, column) =>
				column === last ? cell : cell + ' '.repeat((widths[column] ?? 0) - stringWidthCells(cell)),
			);
			return `${cells.join('')}\n`;
		})
		.join('');
}
