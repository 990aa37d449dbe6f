/** How many rows each entry takes, and where rows of its text begin: the one arithmetic of reducer and view. */

import { timestampCells } from '../../../../text/time-stamp.ts';
import { stringWidthCells } from '../../../../text/width.ts';
import { expandedContent, logContent } from '../../../format/log-content.ts';
import { wrapSpans } from '../../../format/wrap-spans.ts';
import type { Line } from '../../../theme/tokens.ts';
import type { LogEntry, LogGeometry, LogsState } from './logs-state.ts';

/** Cells left of the text: cursor, stream, time, container. */
export type LogPrefix = {
	readonly timestampCells: number;
	readonly withDate: boolean;
	/** Cells of the longest container name, cut; 0 for one container. */
	readonly sourceCells: number;
	readonly totalCells: number;
};

/** Cells for cursor or mark, and for the stream. */
const gutterCells = 2;
const longestSourceCells = 16;

/** Shares a row out between prefix and text. */
export function prefixOf(logs: LogsState, columns: number): LogPrefix {
	const withDate = columns >= 100;
	const stamp = timestampCells(logs.view.timestamps, withDate);
	const widest = Math.max(0, ...logs.sources.map((name) => stringWidthCells(name)));
	const sourceCells = Math.min(widest, longestSourceCells, Math.max(4, Math.floor(columns / 5)));
	const source = logs.sources.length === 0 ? 0 : sourceCells;
	return {
		timestampCells: stamp,
		withDate,
		sourceCells: source,
		totalCells: gutterCells + (stamp > 0 ? stamp + 1 : 0) + (source > 0 ? source + 1 : 0),
	};
}

/** Cells that the text of a line has in one row. */
export function textCells(logs: LogsState, columns: number): number {
	return Math.max(8, columns - prefixOf(logs, columns).totalCells);
}

/** What is said above an entry: that something is left out, or that another attempt begins. */
export function separatorAbove(logs: LogsState, index: number): string | undefined {
	const entry = logs.entries[index];
	const before = logs.entries[index - 1];
	if (!entry || !before) return undefined;
	const { line } = entry;
	if (line.attempt !== before.line.attempt && line.source === '' && line.attempt !== undefined) {
		return `attempt ${line.attempt}`;
	}
	const { end } = before.line;
	const apart = end.segment !== line.start.segment || end.offset !== line.start.offset;
	// A new segment begins at offset 0 and leaves nothing out.
	return logs.query.filter && logs.query.context && apart && line.start.offset > 0 ? '' : undefined;
}

/** Newest wrapping by entry's line; lines are immutable. */
const wrapped = new WeakMap<
	object,
	{ readonly content: Line; readonly width: number; readonly rows: number }
>();

function textRows(logs: LogsState, entry: LogEntry, width: number): number {
	if (entry.key === logs.expandedKey) {
		return expandedContent(entry.line).reduce((sum, row) => sum + wrapSpans(row, width).length, 0);
	}
	if (!logs.view.wrap) return 1;
	const content = contentOf(logs, entry);
	const known = wrapped.get(entry.line);
	if (known?.content === content && known.width === width) return known.rows;
	const rows = wrapSpans(content, width).length;
	wrapped.set(entry.line, { content, width, rows });
	return rows;
}

/** The text of an entry as it is shown now, in one piece. */
export function contentOf(logs: LogsState, entry: LogEntry): Line {
	return logContent(entry.line, { json: logs.view.json, utc: logs.view.timestamps === 'utc' });
}

/** Rows that entries take at a size, asked one by one so that only what is near the screen is measured. */
export function rowsOf(logs: LogsState, { columns }: LogGeometry): (index: number) => number {
	const width = textCells(logs, columns);
	return (index) => {
		const entry = logs.entries[index];
		if (!entry) return 0;
		return textRows(logs, entry, width) + (separatorAbove(logs, index) === undefined ? 0 : 1);
	};
}
