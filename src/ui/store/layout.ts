/**
 * How the screen is shared out, as pure arithmetic: the views draw by it and the reducer pages by it.
 *
 *   < 60 columns or < 16 rows   one pane, a line of tabs
 *   < 160 columns               the panes stacked, the focused one taller
 *   else                        lists stacked on the left, the log on the right
 */
import type { ScreenState } from './slices/screen.ts';
import type { PaneId } from './state.ts';

/** Place of a pane in cells; `rows` counts its title line, `columns` excludes separators. */
export type PaneBox = {
	readonly pane: PaneId;
	readonly row: number;
	readonly column: number;
	readonly columns: number;
	readonly rows: number;
};

export type ScreenLayout = {
	readonly kind: 'single' | 'stacked' | 'split';
	readonly headerRows: number;
	readonly bodyRows: number;
	readonly boxes: readonly PaneBox[];
};

/** Rows that the key hints and the notice take at the foot. */
export const footerRows = 1;

/** Lines above a list's first row: the title, and the column titles where there is room for them. */
export function listChromeRows(box: { readonly rows: number }): number {
	return box.rows >= 4 ? 2 : 1;
}

const order: readonly PaneId[] = ['pods', 'containers', 'images', 'logs'];
const baseShare: Readonly<Record<PaneId, number>> = { pods: 1, containers: 1, images: 0.6, logs: 1.1 };

/** Shares `rows` among panes by weight, each at least `minimum`, the sum exact. */
function share(rows: number, panes: readonly PaneId[], screen: ScreenState): readonly number[] {
	const minimum = rows >= panes.length * 3 ? 3 : 1;
	const weights = panes.map(
		(pane) => baseShare[pane] * screen.weights[pane] * (pane === screen.focus ? 1.8 : 1),
	);
	const total = weights.reduce((sum, weight) => sum + weight, 0);
	const spare = rows - minimum * panes.length;
	const sizes = weights.map((weight) => minimum + Math.floor((spare * weight) / total));
	let rest = rows - sizes.reduce((sum, size) => sum + size, 0);
	const focused = Math.max(0, panes.indexOf(screen.focus));
	for (let index = focused; rest > 0; index = (index + 1) % panes.length, rest--) {
		sizes[index] = (sizes[index] ?? 0) + 1;
	}
	return sizes;
}

function stack(
	panes: readonly PaneId[],
	area: { readonly row: number; readonly column: number; readonly columns: number; readonly rows: number },
	screen: ScreenState,
): readonly PaneBox[] {
	const sizes = share(area.rows, panes, screen);
	let row = area.row;
	return panes.map((pane, index) => {
		const rows = sizes[index] ?? 0;
		const box: PaneBox = { pane, row, column: area.column, columns: area.columns, rows };
		row += rows;
		return box;
	});
}

/** Computes the places of all visible panes for a screen. */
export function layoutOf(screen: ScreenState): ScreenLayout {
	const { columns, rows } = screen;
	const single = columns < 60 || rows < 16;
	const headerRows = rows < 8 ? 0 : single ? 1 : 2;
	const tabRows = single && !screen.zoomed && rows >= 6 ? 1 : 0;
	const bodyRows = Math.max(1, rows - headerRows - footerRows);
	const area = { row: headerRows + tabRows, column: 0, columns, rows: Math.max(1, bodyRows - tabRows) };
	if (single || screen.zoomed) {
		const box: PaneBox = { pane: screen.focus, ...area };
		return { kind: single ? 'single' : 'stacked', headerRows, bodyRows, boxes: [box] };
	}
	if (columns < 160) return { kind: 'stacked', headerRows, bodyRows, boxes: stack(order, area, screen) };
	const left = Math.max(100, Math.floor(columns * 0.58));
	const lists: readonly PaneId[] = ['pods', 'containers', 'images'];
	return {
		kind: 'split',
		headerRows,
		bodyRows,
		boxes: [
			...stack(lists, { ...area, columns: left }, screen),
			{ pane: 'logs', row: area.row, column: left + 1, columns: columns - left - 1, rows: area.rows },
		],
	};
}

/** The box of one pane; undefined while it is not on screen. */
export function boxOf(screen: ScreenState, pane: PaneId): PaneBox | undefined {
	return layoutOf(screen).boxes.find((box) => box.pane === pane);
}
