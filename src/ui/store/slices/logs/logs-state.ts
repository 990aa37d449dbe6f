import type { LogLine } from '../../../../node/logs/log-line.ts';
import type { LogMatcher } from '../../../../node/logs/log-matcher.ts';
import type { TimestampMode } from '../../../../text/time-stamp.ts';

/** A container's log, or those of all containers of a pod merged by time. */
export type LogTarget =
	| { readonly kind: 'container'; readonly id: string }
	| { readonly kind: 'pod'; readonly id: string };

/** Which of a container's streams are shown. */
export type LogStreams = 'both' | 'stdout' | 'stderr';

/** A pattern as typed and as understood. */
export type LogPattern = { readonly text: string; readonly matcher: LogMatcher };

/** A line in the window. Its key is its place in the history, so it stays the same when it is read again. */
export type LogEntry = {
	readonly key: string;
	readonly line: LogLine;
	/** Shown only because it is near a line that matches the filter. */
	readonly isContext: boolean;
};

/** The top row of the pane: a row (from 0) of an entry of the window. */
export type LogTop = { readonly index: number; readonly row: number };

/** What takes time and can be cancelled; ratio 0..1, undefined while not known. */
export type LogBusy = {
	readonly what: 'reading' | 'searching' | 'counting' | 'saving' | 'filtering';
	readonly ratio: number | undefined;
};

/** Whether there is a log to show. Texts are whole sentences for the person, sanitised when drawn. */
export type LogSource =
	| { readonly kind: 'none'; readonly text: string }
	| { readonly kind: 'opening' }
	| { readonly kind: 'open' };

/** How lines are shown; kept from one log to the next. */
export type LogView = {
	readonly wrap: boolean;
	/** JSON lines readable instead of raw. */
	readonly json: boolean;
	readonly timestamps: TimestampMode;
	/** Cells that the text is moved to the left, when it is not wrapped. */
	readonly sideways: number;
};

/** What of the history is read. A change of it makes the window be read anew. */
export type LogQuery = {
	readonly filter: LogPattern | undefined;
	/** Lines before and after each match are shown too. */
	readonly context: boolean;
	readonly streams: LogStreams;
};

/** What is looked for, and how often it is in the whole history, once that is counted. */
export type LogSearch = LogPattern & { readonly matches: number | undefined };

/** What the log pane shows. It holds a window of lines round the screen, never the file. */
export type LogsState = {
	/** Whether the pane is about the selected container or its whole pod. */
	readonly mode: 'container' | 'pod';
	readonly target: LogTarget | undefined;
	/** Counts logs opened, so that an answer that comes late is known as one. */
	readonly session: number;
	readonly title: string;
	/** Labels of a merged history in the order of their colours; empty for one container. */
	readonly sources: readonly string[];
	readonly source: LogSource;
	readonly view: LogView;
	readonly query: LogQuery;
	readonly search: LogSearch | undefined;
	/** Patterns typed before, newest first. */
	readonly recent: readonly string[];
	readonly entries: readonly LogEntry[];
	/** Nothing (that the query shows) comes before the window. */
	readonly atStart: boolean;
	/** Nothing came after the window as of the newest read. */
	readonly atEnd: boolean;
	/** The view stays at the end as lines come. */
	readonly following: boolean;
	/** While following it is not used: the view is measured from the end. */
	readonly top: LogTop;
	/** Index in the window; the last one while following. */
	readonly cursor: number;
	/** Lines that came since the view was released. */
	readonly newLines: { readonly count: number; readonly more: boolean };
	readonly marks: ReadonlyMap<string, LogEntry>;
	/** Where a range of marks began. */
	readonly rangeKey: string | undefined;
	/** The line that is shown in full. */
	readonly expandedKey: string | undefined;
	readonly busy: LogBusy | undefined;
	/** Where the bottom row is in the history, 0..100, and how big that is. */
	readonly position: { readonly percent: number; readonly totalBytes: number };
	/** What is wrong with the files now, as a sentence. */
	readonly problem: string | undefined;
	/** What last happened to the files. */
	readonly remark: string | undefined;
};

/** Room for lines: the pane without its title and the row for remarks. */
export type LogGeometry = { readonly columns: number; readonly rows: number };

/** No log open. */
export const initialLogs: LogsState = {
	mode: 'container',
	target: undefined,
	session: 0,
	title: '',
	sources: [],
	source: { kind: 'none', text: 'Choose a container to read its log.' },
	view: { wrap: true, json: true, timestamps: 'off', sideways: 0 },
	query: { filter: undefined, context: false, streams: 'both' },
	search: undefined,
	recent: [],
	entries: [],
	atStart: false,
	atEnd: false,
	following: true,
	top: { index: 0, row: 0 },
	cursor: 0,
	newLines: { count: 0, more: false },
	marks: new Map(),
	rangeKey: undefined,
	expandedKey: undefined,
	busy: undefined,
	position: { percent: 100, totalBytes: 0 },
	problem: undefined,
	remark: undefined,
};
