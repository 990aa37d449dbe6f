import { sanitizeLine } from '../../../../text/sanitize.ts';
import { formatNanosIso, formatTimestamp } from '../../../../text/time-stamp.ts';
import { parseLogStyles, plainText } from '../../../format/log-styles.ts';
import { lineText } from '../../../format/wrap-spans.ts';
import { contentOf } from './heights.ts';
import type { LogEntry, LogsState } from './logs-state.ts';

/** An entry as it is shown, in one line of harmless text: time and container as the pane has them, then the text. */
export function shownText(logs: LogsState, entry: LogEntry, before: LogEntry | undefined): string {
	const { timestamps } = logs.view;
	const stamp = formatTimestamp(entry.line.timestampNanos, timestamps, {
		withDate: true,
		previousNanos: before?.line.timestampNanos,
	});
	const parts = [
		...(timestamps === 'off' ? [] : [stamp]),
		...(entry.line.source === '' ? [] : [sanitizeLine(entry.line.source)]),
		lineText(contentOf(logs, entry)),
	];
	return parts.join(' ');
}

/** An entry for a file: its content as logged but for control sequences, its exact time in front when asked. */
export function savedText(entry: LogEntry, withTime: boolean): string {
	const { timestampNanos, source, text } = entry.line;
	const parts = [
		...(withTime && timestampNanos !== undefined ? [formatNanosIso(timestampNanos)] : []),
		...(source === '' ? [] : [`${sanitizeLine(source)}:`]),
		plainText(parseLogStyles(text)),
	];
	return parts.join(' ');
}

/** The marked entries in the order of the log, or the one under the cursor when none is marked. */
export function chosenEntries(logs: LogsState): readonly LogEntry[] {
	const under = logs.entries[logs.cursor];
	if (logs.marks.size === 0) return under ? [under] : [];
	return [...logs.marks.values()].sort(
		(a, b) => a.line.start.segment - b.line.start.segment || a.line.start.offset - b.line.start.offset,
	);
}
