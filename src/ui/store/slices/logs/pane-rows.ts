/** The rows of the log pane as spans: what is on the screen, and what "save exactly what is shown" saves. */
import { matchRanges } from '../../../../node/logs/log-matcher.ts';
import { sanitizeLine } from '../../../../text/sanitize.ts';
import { formatTimestamp } from '../../../../text/time-stamp.ts';
import { padCells, truncateCells } from '../../../../text/width.ts';
import { expandedContent } from '../../../format/log-content.ts';
import { lineText, markRanges, sliceLine, wrapSpans } from '../../../format/wrap-spans.ts';
import type { Line, Span, Token } from '../../../theme/tokens.ts';
import type { UiState } from '../../state.ts';
import { logGeometry } from './geometry.ts';
import { contentOf, type LogPrefix, prefixOf, separatorAbove, textCells } from './heights.ts';
import type { LogEntry, LogGeometry, LogPattern, LogsState } from './logs-state.ts';
import { shownTop } from './moves.ts';

/** Colours of container names in a merged log, in turn. */
const sourceLooks: readonly Omit<Span, 'text'>[] = (
	['accent', 'ok', 'warn', 'fail'] as const satisfies Token[]
).flatMap((token) => [{ token }, { token, bold: true }]);
/** Text looked through for highlights: a screenful, and no more than a pattern can be slow on. */
const highlightUnits = 20_000;
/** A repeat of a group that repeats in itself: such an expression may never end, and here nothing could stop it. */
const nestedRepeat = /[+*}][^()]*\)[+*{]/u;

/** All rows that fit, from the top one on. */
export function logRows(logs: LogsState, geometry: LogGeometry, focused: boolean): readonly Line[] {
	const prefix = prefixOf(logs, geometry.columns);
	const width = textCells(logs, geometry.columns);
	const top = shownTop(logs, geometry);
	const rows: Line[] = [];
	for (let index = top.index; index < logs.entries.length && rows.length < geometry.rows + top.row; index++) {
		rows.push(...entryRows(logs, index, prefix, width, focused));
	}
	return rows.slice(top.row, top.row + geometry.rows);
}

/** The rows of the pane as plain text, without the marks of cursor and stream at their left. */
export function logScreenText(state: UiState): readonly string[] {
	return logRows(state.logs, logGeometry(state), false).map((row) => lineText(row).slice(2).trimEnd());
}

function entryRows(
	logs: LogsState,
	index: number,
	prefix: LogPrefix,
	width: number,
	focused: boolean,
): readonly Line[] {
	const entry = logs.entries[index];
	if (!entry) return [];
	const separator = separatorAbove(logs, index);
	const above: Line[] = separator === undefined ? [] : [separatorRow(separator, width)];
	const isCursor = focused && index === logs.cursor && !logs.following;
	const head = prefixSpans(logs, index, prefix);
	const blank: Span = { text: ' '.repeat(prefix.totalCells - 2) };
	return [
		...above,
		...textRows(logs, entry, width).map((row, at): Line => {
			const gutter = gutterSpans(logs, entry, isCursor, at === 0);
			return [...gutter, ...(at === 0 ? head : [blank]), ...row];
		}),
	];
}

function separatorRow(text: string, width: number): Line {
	return [
		{
			text: text === '' ? '  ┄┄┄' : `  ── ${text} ${'─'.repeat(Math.max(0, width - text.length - 4))}`,
			token: 'muted',
		},
	];
}

function gutterSpans(logs: LogsState, entry: LogEntry, isCursor: boolean, isFirst: boolean): Line {
	const isMarked = logs.marks.has(entry.key);
	const sign = isFirst && isCursor ? '▸' : isMarked ? '●' : isCursor ? '│' : ' ';
	const stream = entry.line.stream === 'stderr' ? '▏' : ' ';
	return [
		{ text: sign, token: 'accent', reverse: isMarked && isCursor && isFirst },
		{ text: stream, token: 'stderr' },
	];
}

function prefixSpans(logs: LogsState, index: number, prefix: LogPrefix): Line {
	const entry = logs.entries[index];
	if (!entry) return [];
	const { timestampNanos, source } = entry.line;
	const spans: Span[] = [];
	if (prefix.timestampCells > 0) {
		const text = formatTimestamp(timestampNanos, logs.view.timestamps, {
			withDate: prefix.withDate,
			previousNanos: logs.entries[index - 1]?.line.timestampNanos,
		});
		spans.push({ text: `${text} `, token: 'muted' });
	}
	if (prefix.sourceCells > 0) {
		const name = truncateCells(sanitizeLine(source), prefix.sourceCells, { from: 'middle' });
		const look = sourceLooks[Math.max(0, logs.sources.indexOf(source)) % sourceLooks.length];
		spans.push({ ...look, text: `${padCells(name, prefix.sourceCells)} ` });
	}
	return spans;
}

function textRows(logs: LogsState, entry: LogEntry, width: number): readonly Line[] {
	if (entry.key === logs.expandedKey) {
		return expandedContent(entry.line).flatMap((row) => wrapSpans(highlighted(logs, row), width));
	}
	const content = contentOf(logs, entry);
	const shown = entry.isContext
		? content.map((span): Span => ({ text: span.text, token: 'muted' }))
		: content;
	if (logs.view.wrap) return wrapSpans(highlighted(logs, shown), width);
	const { sideways } = logs.view;
	const row = sliceLine(highlighted(logs, shown), sideways, width);
	return [row];
}

/** Picks out what is looked for, or else what the filter matched. */
function highlighted(logs: LogsState, line: Line): Line {
	const pattern: LogPattern | undefined = logs.search ?? logs.query.filter;
	if (!pattern) return line;
	const { matcher } = pattern;
	if (matcher.kind === 'regex' && nestedRepeat.test(matcher.pattern)) return line;
	const text = lineText(line).slice(0, highlightUnits);
	return markRanges(line, matchRanges(matcher, text), { token: 'match' });
}
