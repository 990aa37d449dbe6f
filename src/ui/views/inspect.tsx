import { formatDuration } from '../../text/duration.ts';
import { sanitizeLine } from '../../text/sanitize.ts';
import { sliceCells, stringWidthCells } from '../../text/width.ts';
import { StateLines } from '../components/lines.tsx';
import { fitLine, lineWidthCells, truncateLine } from '../format/line.ts';
import { paneTitle } from '../format/pane-title.ts';
import { type DocumentLine, spansOf } from '../inspect/document.ts';
import { firstMatchFrom, type Matches, matchAt } from '../inspect/find.ts';
import { hangOf } from '../inspect/flow.ts';
import {
	gutterCells,
	inspectChromeRows,
	inspectDocument,
	inspectFlow,
	inspectMatches,
	inspectPlace,
	inspectWindow,
	isWrapped,
} from '../inspect/inspect-document.ts';
import { lineKey, resolveAnchor } from '../inspect/place.ts';
import { inspectedRow } from '../inspect/subject-row.ts';
import { healthToken } from '../resources/cells.ts';
import { resourceOf } from '../resources/index.ts';
import { tabsOf } from '../store/slices/inspect.ts';
import type { UiState } from '../store/state.ts';
import type { Line, Span } from '../theme/tokens.ts';

type Size = { readonly columns: number; readonly rows: number };

const tabTitles = { summary: 'Summary', yaml: 'YAML', json: 'JSON', layers: 'Layers' } as const;
/** An answer older than this is marked: the view asks every few seconds. */
const staleMs = 12_000;

/** The inspect view: one object, as a summary or as the runtime's full answer. */
export function Inspect(size: Size) {
	return <StateLines linesOf={(state) => inspectLines(state, size)} {...size} />;
}

function currentMatch(state: UiState, matches: Matches): number | undefined {
	const at = state.inspect?.search?.at;
	return at && matchAt(matches, resolveAnchor(inspectDocument(state), at.anchor), at.start);
}

function titleLine(state: UiState, columns: number, remarks: Line): Line {
	const { inspect } = state;
	if (!inspect) return [];
	const row = inspectedRow(state);
	const stateText = row && 'stateText' in row ? row.stateText : '';
	const title: Line = [
		{ text: `${resourceOf(inspect.subject.list).noun} `, token: 'titleFocused' },
		{ text: sanitizeLine(inspect.subject.name), token: 'titleFocused' },
		...(row
			? ([{ text: stateText ? ` ${sanitizeLine(stateText)}` : '', token: healthToken[row.health] }] as const)
			: []),
		...(row?.departed ? ([{ text: ' gone from the runtime', token: 'warn' }] as const) : []),
	];
	// The name gives way before what must be known: that secrets are shown, and how old all this is.
	const room = columns - lineWidthCells(remarks) - 8;
	return paneTitle({
		label: '',
		title: truncateLine(title, Math.max(8, room)),
		remarks,
		focused: true,
		columns,
	});
}

function ageRemark({ inspect, nowMs, connection }: UiState): Span {
	const at = inspect?.answeredAtMs;
	const problem = inspect?.problem ?? connection.problem;
	if (at === undefined) {
		if (!problem) return { text: 'asking', token: 'muted' };
		// What is shown then is what the lists knew.
		const lists = connection.answeredAtMs;
		const age = lists === undefined ? '' : `, lists as of ${formatDuration(nowMs - lists)} ago`;
		return { text: `no answer${age}`, token: 'fail' };
	}
	const age = nowMs - at;
	if (problem || age > staleMs) return { text: `as of ${formatDuration(age)} ago`, token: 'warn' };
	return { text: 'live', token: 'muted' };
}

function remarksOf(state: UiState, matches: Matches): readonly Span[] {
	const { inspect } = state;
	if (!inspect) return [];
	const spans: Span[] = [];
	if (inspect.search?.query) {
		const at = currentMatch(state, matches);
		const total = `${matches.starts.length}${matches.capped ? '+' : ''}`;
		const counter = total === '0' ? 'no match' : `${at === undefined ? '-' : at + 1}/${total}`;
		spans.push(
			{ text: `/${sanitizeLine(inspect.search.query)} `, token: 'match' },
			{ text: `${counter} `, token: total === '0' ? 'warn' : undefined },
		);
	}
	if (inspect.marked.size > 0) spans.push({ text: `${inspect.marked.size} marked `, token: 'accent' });
	return spans;
}

function tabsLine(state: UiState, columns: number, remarks: readonly Span[]): Line {
	const list = state.inspect?.subject.list;
	const tabs = (list ? tabsOf(list) : []).flatMap((tab): readonly Span[] => {
		const chosen = tab === state.inspect?.tab;
		return [
			{ text: ` ${tabTitles[tab]} `, token: chosen ? 'titleFocused' : 'muted', reverse: chosen },
			{ text: ' ' },
		];
	});
	const total = inspectFlow(state).count;
	const { cursor } = inspectWindow(state);
	const where: Span = { text: total > 0 ? ` ${cursor + 1}/${total}` : '', token: 'muted' };
	const space = { text: ' ' };
	return fitLine([space, ...tabs, space, ...remarks, where], columns);
}

/** Spans from a cell on: what sideways scrolling leaves of a line. */
function fromCell(line: Line, cell: number): Line {
	if (cell === 0) return line;
	let skip = cell;
	return line.flatMap((span): readonly Span[] => {
		const cells = stringWidthCells(span.text);
		const cut = Math.min(skip, cells);
		skip -= cut;
		return cut === cells ? [] : [{ ...span, text: cut === 0 ? span.text : sliceCells(span.text, cut) }];
	});
}

function emptyLines(state: UiState): readonly Line[] {
	const problem = state.inspect?.problem ?? state.connection.problem;
	if (problem) return [[], [{ text: `  ${sanitizeLine(problem)}`, token: 'fail' }]];
	return [[], [{ text: '  Waiting for the answer of the runtime.', token: 'muted' }]];
}

/** Matches of one line, as ranges for its spans. */
function rangesOf(matches: Matches, line: number, current: number | undefined) {
	const ranges: { start: number; end: number; current: boolean }[] = [];
	for (let at = firstMatchFrom(matches, line, 0); matches.lines[at] === line; at++) {
		const start = matches.starts[at] ?? 0;
		ranges.push({ start, end: start + matches.queryLength, current: at === current });
	}
	return ranges;
}

/** The view as text: title, tabs, then the rows that are on the page. Only those become spans. */
export function inspectLines(state: UiState, { columns, rows }: Size): readonly Line[] {
	const { inspect } = state;
	if (!inspect) return [];
	const lines = inspectDocument(state);
	const flow = inspectFlow(state);
	const matches = inspectMatches(state);
	const { top, cursor } = inspectWindow(state);
	const remarks = remarksOf(state, matches);
	const chrome = inspectChromeRows(rows);
	const age: Line = [
		...(inspect.secretsShown ? ([{ text: 'secrets shown ', token: 'danger' }] as const) : []),
		ageRemark(state),
	];
	const out: Line[] =
		chrome > 1
			? [titleLine(state, columns, age), tabsLine(state, columns, remarks)]
			: [titleLine(state, columns, [...remarks, { text: `${tabTitles[inspect.tab]} ` }, ...age])];
	if (flow.count === 0) return [...out, ...emptyLines(state)];
	const { column } = inspectPlace(inspect);
	const current = currentMatch(state, matches);
	for (let at = top; at < Math.min(flow.count, top + rows - chrome); at++) {
		const row = flow.rowAt(at);
		const line = lines[row.line] as DocumentLine;
		const marked = inspect.marked.has(lineKey(lines, row.line));
		const hang = row.part > 0 ? hangOf(line, columns - gutterCells) : 0;
		const gutter: Line = [
			{ text: at === cursor ? '▸' : ' ', token: 'accent' },
			{ text: (marked ? '●' : ' ') + ' '.repeat(hang), token: 'accent' },
		];
		const spans = spansOf(line, row.start, row.end, rangesOf(matches, row.line, current));
		out.push([...gutter, ...(isWrapped(state) ? spans : fromCell(spans, column))]);
	}
	return out;
}
