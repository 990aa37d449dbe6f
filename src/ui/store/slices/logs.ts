/** The log pane: its state lives in logs/logs-state.ts, scrolling in logs/moves.ts, the window in logs/window.ts. */
import { timestampModes } from '../../../text/time-stamp.ts';
import type { LogsEvent } from './logs/logs-events.ts';
import { initialLogs, type LogEntry, type LogGeometry, type LogsState } from './logs/logs-state.ts';
import {
	atEndAgain,
	chooseEntry,
	keepCursorInView,
	moveCursor,
	page,
	released,
	revealCursor,
	scroll,
	shownTop,
	topAround,
} from './logs/moves.ts';
import { appendLines, takePage, withEntries } from './logs/window.ts';

/** Marks kept at most: they are for copying, and a clipboard is small. */
const maxMarks = 5_000;
const maxRecent = 30;

function isStale(state: LogsState, event: LogsEvent): boolean {
	return 'session' in event && event.session !== state.session;
}

/** Applies one event; `geometry` is the room for lines as the screen is now. */
export function updateLogs(state: LogsState, event: LogsEvent, geometry: LogGeometry): LogsState {
	if (isStale(state, event)) return state;
	return (
		read(state, event, geometry) ?? moved(state, event, geometry) ?? shown(state, event, geometry) ?? state
	);
}

/** What the files said. */
function read(state: LogsState, event: LogsEvent, geometry: LogGeometry): LogsState | undefined {
	switch (event.kind) {
		case 'logTargetChosen':
			return {
				...initialLogs,
				mode: state.mode,
				recent: state.recent,
				view: { ...state.view, sideways: 0 },
				// What is looked for is often looked for in the next container too; what is left out is not.
				search: state.search && { ...state.search, matches: undefined },
				target: event.target,
				session: state.session + 1,
				title: event.title,
				sources: event.sources,
				source: event.source,
			};
		case 'logSourceChanged':
			return { ...state, source: event.source, title: event.title ?? state.title };
		case 'logModeChosen':
			return event.mode === state.mode ? state : { ...state, mode: event.mode };
		case 'logEndRead': {
			if (!state.following) return state;
			return withEntries(state, event.entries, { atStart: event.reachedStart, atEnd: true });
		}
		case 'logLinesAppended':
			return state.following ? appendLines(state, event.entries, geometry.rows) : state;
		case 'logPageRead': {
			const { direction, entries, reachedEdge: edge } = event;
			return takePage(state, { direction, entries, edge }, geometry.rows);
		}
		case 'logPlaceRead': {
			const { entries, cursor, reachedStart: atStart, reachedEnd: atEnd } = event;
			const base = released(state, geometry);
			const next: LogsState = { ...base, entries, cursor, atStart, atEnd, top: { index: cursor, row: 0 } };
			const top =
				event.placement === 'top'
					? shownTop(next, geometry)
					: event.placement === 'middle'
						? topAround(next, cursor, geometry)
						: withEntries(base, entries, {}).top;
			return keepCursorInView({ ...next, top }, geometry);
		}
		case 'logGrew':
			if (state.following) return state;
			return {
				...state,
				atEnd: false,
				newLines: { count: state.newLines.count + event.count, more: event.more },
			};
		case 'logPositionMeasured': {
			const { percent, totalBytes } = event;
			return { ...state, position: { percent, totalBytes } };
		}
		case 'logFilesChanged':
			return { ...state, problem: event.problem, remark: event.remark ?? state.remark };
		case 'logBusyChanged':
			return { ...state, busy: event.busy };
		case 'logMatchesCounted':
			if (state.search?.text !== event.text) return state;
			return { ...state, search: { ...state.search, matches: event.matches } };
		default:
			return undefined;
	}
}

/** Where the person goes. */
function moved(state: LogsState, event: LogsEvent, geometry: LogGeometry): LogsState | undefined {
	switch (event.kind) {
		case 'logCursorMoved':
			return moveCursor(state, event.lines, geometry);
		case 'logEntryChosen': {
			const cursor = state.entries.findIndex(({ key }) => key === event.key);
			return cursor < 0 ? state : chooseEntry(state, cursor, geometry);
		}
		case 'logScrolled':
			return scroll(state, event.rows, geometry);
		case 'logPaged':
			return page(state, event.pages, geometry);
		case 'logEndTaken':
			return atEndAgain(state);
		case 'logFollowToggled':
			return state.following ? released(state, geometry) : atEndAgain(state);
		case 'logMovedSideways': {
			const sideways = Math.max(0, state.view.sideways + event.cells);
			return { ...state, view: { ...state.view, sideways } };
		}
		default:
			return undefined;
	}
}

/** How lines are shown, searched, narrowed and marked. */
function shown(state: LogsState, event: LogsEvent, geometry: LogGeometry): LogsState | undefined {
	switch (event.kind) {
		case 'logViewToggled': {
			const { view } = state;
			const next = timestampModes[(timestampModes.indexOf(view.timestamps) + 1) % timestampModes.length];
			const change =
				event.what === 'wrap'
					? { wrap: !view.wrap, sideways: 0 }
					: event.what === 'json'
						? { json: !view.json }
						: { timestamps: next ?? 'off' };
			return keepCursorInView({ ...state, view: { ...view, ...change } }, geometry);
		}
		case 'logQueryChanged':
			return {
				...state,
				query: { ...state.query, ...event.query },
				expandedKey: undefined,
				newLines: { count: 0, more: false },
			};
		case 'logSearchChanged':
			if (event.pattern?.text === state.search?.text) return state;
			return { ...state, search: event.pattern && { ...event.pattern, matches: undefined } };
		case 'logPatternTyped':
			return { ...state, recent: [...new Set([event.text, ...state.recent])].slice(0, maxRecent) };
		case 'logMarkToggled': {
			const entry = state.entries[state.cursor];
			return entry ? { ...state, marks: toggled(state.marks, entry) } : state;
		}
		case 'logRangeToggled':
			return rangeToggled(state);
		case 'logMarksCleared':
			return { ...state, marks: new Map(), rangeKey: undefined };
		case 'logLineExpanded': {
			const key = state.entries[state.cursor]?.key;
			const expandedKey = key === state.expandedKey ? undefined : key;
			return revealCursor({ ...released(state, geometry), expandedKey }, geometry);
		}
		default:
			return undefined;
	}
}

function toggled(marks: LogsState['marks'], entry: LogEntry): LogsState['marks'] {
	const next = new Map(marks);
	if (!next.delete(entry.key) && next.size < maxMarks) next.set(entry.key, entry);
	return next;
}

/** Begins a range, or marks everything from where it began to the cursor. */
function rangeToggled(state: LogsState): LogsState {
	const entry = state.entries[state.cursor];
	if (!entry) return state;
	if (state.rangeKey === undefined) {
		return { ...state, rangeKey: entry.key, marks: new Map(state.marks).set(entry.key, entry) };
	}
	const from = state.entries.findIndex(({ key }) => key === state.rangeKey);
	if (from < 0) return { ...state, rangeKey: undefined };
	const marks = new Map(state.marks);
	for (const each of state.entries.slice(Math.min(from, state.cursor), Math.max(from, state.cursor) + 1)) {
		if (marks.size < maxMarks) marks.set(each.key, each);
	}
	return { ...state, rangeKey: undefined, marks };
}
