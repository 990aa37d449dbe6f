import { stringWidthCells } from '../../text/width.ts';
import type { InspectPlace, InspectSearch } from '../store/slices/inspect.ts';
import type { UiState } from '../store/state.ts';
import { findMatches, firstMatchFrom, type Matches } from './find.ts';
import {
	gutterCells,
	inspectDocument,
	inspectFlow,
	inspectMatches,
	inspectPageRows,
	inspectPlace,
	inspectWindow,
	isWrapped,
} from './inspect-document.ts';
import { lineKey, placeAt, resolveAnchor } from './place.ts';

/** Where a search leads: the place to show and the match to be at. */
export type SearchMove = {
	readonly place: InspectPlace;
	readonly search: InspectSearch;
	readonly wrapped: boolean;
};

/** The column from which a match of an unwrapped line is on the screen. */
function columnFor(state: UiState, text: string, start: number, end: number, column: number): number {
	if (isWrapped(state)) return 0;
	const width = state.screen.columns - gutterCells;
	const from = stringWidthCells(text.slice(0, start));
	const to = from + stringWidthCells(text.slice(start, end));
	if (to <= width && column === 0) return 0;
	if (from >= column && to <= column + width) return column;
	return to <= width ? 0 : Math.max(0, from - Math.floor(width / 3));
}

function moveTo(
	state: UiState,
	matches: Matches,
	index: number,
	search: InspectSearch,
): Omit<SearchMove, 'wrapped'> | undefined {
	const { inspect } = state;
	const line = matches.lines[index];
	const start = matches.starts[index];
	if (!inspect || line === undefined || start === undefined) return undefined;
	const lines = inspectDocument(state);
	const flow = inspectFlow(state);
	let row = flow.rowOf(line);
	// In a wrapped line the match may be rows below the line's beginning.
	while (row + 1 < flow.count && flow.rowAt(row + 1).line === line && flow.rowAt(row + 1).start <= start)
		row++;
	const before = inspectPlace(inspect);
	const column = columnFor(state, lines[line]?.text ?? '', start, start + matches.queryLength, before.column);
	const pageRows = inspectPageRows(state);
	const { top } = inspectWindow(state);
	// A match off the page comes to its middle, with what stands around it; one on it moves nothing.
	const shown = row >= top && row < top + pageRows ? top : row - Math.floor(pageRows / 2);
	const place = placeAt(lines, flow, row, { top: shown, pageRows, column });
	return {
		place,
		search: { ...search, at: { anchor: { key: lineKey(lines, line), line, part: 0 }, start } },
	};
}

/** While a query is typed: the first match at or after where the search began. */
export function searchFor(state: UiState, query: string): SearchMove | undefined {
	const { inspect } = state;
	if (!inspect?.search) return undefined;
	const lines = inspectDocument(state);
	const matches = findMatches(lines, query);
	const search: InspectSearch = { ...inspect.search, query, at: undefined };
	const { cursor } = search.origin;
	const from = cursor ? resolveAnchor(lines, cursor) : 0;
	const first = firstMatchFrom(matches, from, 0);
	const wrapped = first >= matches.starts.length;
	const found = moveTo(state, matches, wrapped ? 0 : first, search);
	return found ? { ...found, wrapped } : { place: search.origin, search, wrapped: false };
}

/** `n` and `N`: the match after or before the one the person is at, or after or before the cursor once it moved. */
export function nextMatch(state: UiState, step: 1 | -1): SearchMove | undefined {
	const { inspect } = state;
	const search = inspect?.search;
	if (!inspect || !search) return undefined;
	const lines = inspectDocument(state);
	const matches = inspectMatches(state);
	const count = matches.starts.length;
	if (count === 0) return undefined;
	const cursorLine = inspectFlow(state).rowAt(inspectWindow(state).cursor).line;
	const at = search.at && { line: resolveAnchor(lines, search.at.anchor), start: search.at.start };
	const here = at?.line === cursorLine ? at : { line: cursorLine, start: step > 0 ? -1 : 0 };
	const wanted =
		step > 0
			? firstMatchFrom(matches, here.line, here.start + 1)
			: firstMatchFrom(matches, here.line, here.start) - 1;
	const wrapped = wanted < 0 || wanted >= count;
	const found = moveTo(state, matches, (wanted + count) % count, search);
	return found && { ...found, wrapped };
}
