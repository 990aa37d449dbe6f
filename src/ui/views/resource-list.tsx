import { sanitizeLine } from '../../text/sanitize.ts';
import { truncateCells } from '../../text/width.ts';
import { wrapWords } from '../../text/wrap-words.ts';
import { StateLines } from '../components/lines.tsx';
import { fitLine, lineWidthCells, selectedLine } from '../format/line.ts';
import { paneTitle } from '../format/pane-title.ts';
import { placeColumns } from '../resources/column-layout.ts';
import { resourceOf } from '../resources/index.ts';
import type { Column } from '../resources/resource.ts';
import type { Row } from '../resources/rows.ts';
import { listChromeRows, type PaneBox } from '../store/layout.ts';
import { selectedRow, totalRows, unhealthyPods, type VisibleRow, visibleRows } from '../store/selectors.ts';
import { type ListId, paneIds, type UiState } from '../store/state.ts';
import type { Line, Span } from '../theme/tokens.ts';

/** One of the lists, with its title line. */
export function ResourceList({ list, box }: { readonly list: ListId; readonly box: PaneBox }) {
	return (
		<StateLines
			linesOf={(state) => resourceListLines(state, list, box)}
			columns={box.columns}
			rows={box.rows}
		/>
	);
}

function cellOf(column: Column<Row>, { row, rangesOf }: VisibleRow, nowMs: number, widthCells: number): Line {
	const ranges = column.field === undefined ? [] : rangesOf(column.field);
	return column.cell(row, { nowMs, widthCells, ranges });
}

function titleOf(state: UiState, list: ListId, box: PaneBox, count: number): Line {
	const resource = resourceOf(list);
	const view = state.lists[list];
	const total = totalRows(state, list);
	const focused = state.screen.focus === list;
	const pod = list === 'containers' && !state.lists.allPods ? selectedRow(state, 'pods') : undefined;
	const known = state.inventory.refreshedAtMs[list] !== undefined;
	// A long name leaves room for how many there are and how they are narrowed.
	const nameCells = Math.max(12, box.columns - 45);
	const title: Span[] = [
		{ text: resource.title, token: focused ? 'titleFocused' : 'title' },
		...(pod ? [{ text: ` of ${truncateCells(sanitizeLine(pod.name), nameCells)}` } satisfies Span] : []),
		...(known
			? [{ text: count === total ? ` (${total})` : ` (${count} of ${total})`, token: 'muted' } satisfies Span]
			: []),
	];
	const remarks: Span[] = [];
	if (view.marked.size > 0) remarks.push({ text: `${view.marked.size} marked`, token: 'accent' });
	if (view.rangeAnchorId !== undefined) remarks.push({ text: 'marking a range', token: 'accent' });
	if (view.unhealthyOnly && list !== 'images') remarks.push({ text: 'unhealthy only', token: 'warn' });
	if (view.filter) remarks.push({ text: `/${sanitizeLine(view.filter)}`, token: 'match' });
	if (view.sort) {
		const column = resource.columns.find(({ id }) => id === view.sort?.column);
		const down = view.sort.descending !== (column?.biggestFirst ?? false);
		remarks.push({ text: `${column?.title ?? view.sort.column}${down ? '↓' : '↑'}`, token: 'accent' });
	}
	// At the end, where room is missed first: what is marked or filtered counts more for the next key.
	const unhealthy = list === 'pods' && !view.unhealthyOnly ? unhealthyPods(state) : 0;
	if (unhealthy > 0) remarks.push({ text: `${unhealthy} unhealthy`, token: 'fail' });
	return paneTitle({
		label: `${paneIds.indexOf(list) + 1}`,
		title,
		remarks: remarks.flatMap((span, index) => (index === 0 ? [span] : [{ text: '  ' }, span])),
		focused,
		columns: box.columns,
	});
}

/** The list that says in full why there is nothing to show; the others need not repeat it. */
function isTeller({ screen }: UiState, list: ListId): boolean {
	return list === (screen.focus === 'logs' ? 'pods' : screen.focus);
}

function emptyLines(state: UiState, list: ListId, box: PaneBox): readonly Line[] {
	const view = state.lists[list];
	const hidden = totalRows(state, list);
	if (hidden > 0 && view.filter)
		return [[{ text: `  Nothing matches "${sanitizeLine(view.filter)}". Esc clears it.`, token: 'muted' }]];
	if (hidden > 0) return [[{ text: '  Nothing is unhealthy here. ! shows all.', token: 'ok' }]];
	const { problem, remedy } = state.connection;
	if (problem && state.inventory.refreshedAtMs[list] === undefined) {
		if (!isTeller(state, list)) return [[{ text: '  No answer yet.', token: 'muted' }]];
		return [problem, remedy ?? ''].flatMap((text) =>
			wrapWords(sanitizeLine(text), box.columns - 4).map(
				(row): Line => [{ text: `  ${row}`, token: 'fail' }],
			),
		);
	}
	return wrapWords(resourceOf(list).emptyText(state), box.columns - 4).map(
		(text): Line => [{ text: `  ${text}`, token: 'muted' }],
	);
}

/** All rows of a list pane as text, its title first. */
export function resourceListLines(state: UiState, list: ListId, box: PaneBox): readonly Line[] {
	const resource = resourceOf(list);
	const view = state.lists[list];
	const rows = visibleRows(state, list);
	const chrome = listChromeRows(box);
	const shown = rows.slice(view.offset, view.offset + Math.max(0, box.rows - chrome));
	const lines: Line[] = [titleOf(state, list, box, rows.length)];
	if (shown.length === 0) {
		const words = emptyLines(state, list, box);
		// A blank line in between looks better; the words matter more.
		return [...lines, ...(words.length + 2 <= box.rows ? [[]] : []), ...words];
	}
	const widest = (column: Column<Row>): number =>
		Math.max(
			...shown.map((visible) => lineWidthCells(cellOf(column, visible, state.nowMs, column.maxCells))),
		);
	const isOfOnePod = list === 'containers' && !state.lists.allPods;
	const isEmpty = (column: Column<Row>): boolean => rows.every(({ row }) => !column.sortKey(row));
	const columns = resource.columns.filter(
		(column) =>
			!(isOfOnePod && column.id === 'pod') &&
			!(column.leftOutWhenEmpty && !view.shownColumns && isEmpty(column)),
	);
	const placed = placeColumns(columns, view, box.columns - 2, widest);
	const joined = (cells: readonly Line[]): Line =>
		cells.flatMap((cell, index) => (index === 0 ? cell : [{ text: ' ' }, ...cell]));
	if (chrome > 1) {
		const heads = placed.map(({ column, widthCells }) => {
			const sorted = view.sort?.column === column.id;
			return fitLine(
				[{ text: column.title, token: sorted ? 'accent' : 'columnHeader' }],
				widthCells,
				column.align,
			);
		});
		lines.push([{ text: '  ' }, ...joined(heads)]);
	}
	const focused = state.screen.focus === list;
	for (const visible of shown) {
		const { row } = visible;
		const selected = row.id === view.selectedId;
		const marked = view.marked.has(row.id);
		const gutter: Span = {
			text: `${selected ? '▸' : ' '}${marked ? '●' : row.departed ? '✗' : ' '}`,
			token: marked ? 'accent' : selected ? 'accent' : 'muted',
		};
		const cells = placed.map(({ column, widthCells }) =>
			fitLine(cellOf(column, visible, state.nowMs, widthCells), widthCells, column.align),
		);
		const line: Line = [gutter, ...joined(cells)];
		lines.push(selected && focused ? selectedLine(fitLine(line, box.columns)) : line);
	}
	return lines;
}
