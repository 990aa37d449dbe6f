/** The window of lines round the screen: taking pages in, letting go what is far away. */
import { compareLogPositions } from '../../../../node/logs/log-line.ts';
import type { LogEntry, LogsState } from './logs-state.ts';

/** Entries kept beyond the screen on either side, at least. */
export const marginEntries = 60;
/** Entries kept beyond the screen on either side, at most, in screens. */
const keptScreens = 6;

/** Entries beyond the screen at which the next page is wanted. */
export function wantedMargin(rows: number): number {
	return Math.max(marginEntries, rows);
}

function isOpen({ line }: LogEntry): boolean {
	return line.open;
}

/** Both runs as one, in order, each line once; a match wins over the same line as context, the newer over the older. */
export function mergeEntries(older: readonly LogEntry[], newer: readonly LogEntry[]): readonly LogEntry[] {
	const merged: LogEntry[] = [];
	let right = 0;
	for (const entry of older) {
		for (; right < newer.length; right++) {
			const other = newer[right];
			if (!other || compareLogPositions(other.line.start, entry.line.start) >= 0) break;
			merged.push(other);
		}
		const same = newer[right];
		if (same?.key === entry.key) {
			merged.push(same.isContext && !entry.isContext ? entry : same);
			right++;
		} else merged.push(entry);
	}
	merged.push(...newer.slice(right));
	return merged;
}

/** Where an entry is after the window changed; the nearest place when it is gone. */
function indexOf(entries: readonly LogEntry[], entry: LogEntry | undefined): number {
	if (!entry) return 0;
	const found = entries.findIndex(({ line }) => compareLogPositions(line.start, entry.line.start) >= 0);
	return found < 0 ? Math.max(0, entries.length - 1) : found;
}

/** The state with other entries, cursor and top staying on their lines. */
export function withEntries(
	state: LogsState,
	entries: readonly LogEntry[],
	change: Partial<Pick<LogsState, 'atStart' | 'atEnd'>>,
): LogsState {
	const topEntry = state.entries[state.top.index];
	const index = indexOf(entries, topEntry);
	const row = entries[index]?.key === topEntry?.key ? state.top.row : 0;
	return {
		...state,
		...change,
		entries,
		top: { index, row },
		cursor: state.following ? Math.max(0, entries.length - 1) : indexOf(entries, state.entries[state.cursor]),
	};
}

/** Takes a page in that was read before or after the window, and drops what is far on the other side. */
export function takePage(
	state: LogsState,
	page: {
		readonly direction: 'before' | 'after';
		readonly entries: readonly LogEntry[];
		readonly edge: boolean;
	},
	rows: number,
): LogsState {
	const limit = keptScreens * wantedMargin(rows);
	if (page.direction === 'before') {
		const next = withEntries(state, mergeEntries(page.entries, state.entries), { atStart: page.edge });
		const keep = next.top.index + rows + limit;
		if (next.following || keep >= next.entries.length) return next;
		return withEntries(next, next.entries.slice(0, keep), { atEnd: false });
	}
	// Unfinished lines come again, longer or whole.
	const held = state.entries.filter((entry) => !isOpen(entry));
	const next = withEntries(state, mergeEntries(held, page.entries), { atEnd: page.edge });
	const drop = next.top.index - limit;
	if (next.following || drop <= 0) return next;
	return withEntries(next, next.entries.slice(drop), { atStart: false });
}

/** Takes new lines in while following: only what fills the screen and a margin above is kept. */
export function appendLines(state: LogsState, entries: readonly LogEntry[], rows: number): LogsState {
	const held = state.entries.filter((entry) => !isOpen(entry));
	const all = mergeEntries(held, entries);
	const keep = rows + 2 * wantedMargin(rows);
	const kept = all.length > keep ? all.slice(-keep) : all;
	return withEntries(state, kept, { atEnd: true, ...(kept === all ? {} : { atStart: false }) });
}
