import type { LogLine } from '../../../../../../src/node/logs/log-line.ts';
import {
	initialLogs,
	type LogEntry,
	type LogsState,
} from '../../../../../../src/ui/store/slices/logs/logs-state.ts';

/** A line of a log whose lines are ten bytes each; number n stands at offset 10n. */
export function logLine(number: number, over: Partial<LogLine> = {}): LogLine {
	return {
		start: { segment: 0, offset: number * 10 },
		end: { segment: 0, offset: number * 10 + 10 },
		timestampNanos: BigInt(number) * 1_000_000_000n,
		stream: 'stdout',
		text: `line ${number}`,
		truncatedBytes: 0,
		source: '',
		attempt: 0,
		open: false,
		...over,
	};
}

/** An entry of the window for a line. */
export function logEntry(number: number, over: Partial<LogLine> = {}, isContext = false): LogEntry {
	const line = logLine(number, over);
	return { key: `${line.start.segment}:${line.start.offset}`, line, isContext };
}

/** Entries of lines `from` up to, not including, `to`. */
export function logEntries(from: number, to: number): readonly LogEntry[] {
	return Array.from({ length: to - from }, (_, index) => logEntry(from + index));
}

/** An open log that follows its end, with the given entries in the window. */
export function openLog(entries: readonly LogEntry[], over: Partial<LogsState> = {}): LogsState {
	return {
		...initialLogs,
		target: { kind: 'container', id: 'c1' },
		session: 1,
		title: 'web',
		source: { kind: 'open' },
		entries,
		atEnd: true,
		cursor: Math.max(0, entries.length - 1),
		...over,
	};
}
