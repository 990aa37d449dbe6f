import { formatBytesCompact } from '../../text/bytes.ts';
import { sanitizeLine } from '../../text/sanitize.ts';
import { formatClockTime, formatDay } from '../../text/time-stamp.ts';
import { paneTitle } from '../format/pane-title.ts';
import type { PaneBox } from '../store/layout.ts';
import type { LogGeometry, LogsState } from '../store/slices/logs/logs-state.ts';
import { shownTop } from '../store/slices/logs/moves.ts';
import type { Line, Span } from '../theme/tokens.ts';

/** The title of the log pane: whose log, where in it one is, and everything that narrows what is shown. */
export function logTitle(logs: LogsState, box: PaneBox, geometry: LogGeometry, focused: boolean): Line {
	const title: Span[] = [{ text: 'Log', token: focused ? 'titleFocused' : 'title' }];
	if (logs.title !== '') title.push({ text: ` of ${logs.title}` });
	if (logs.source.kind === 'open') {
		title.push(
			logs.following ? { text: ' following', token: 'ok' } : { text: ' paused', token: 'warn', bold: true },
		);
	}
	return paneTitle({ label: '4', title, remarks: remarksOf(logs, geometry), focused, columns: box.columns });
}

function grouped(count: number): string {
	return String(count).replace(/\B(?=(?:\d{3})+$)/gu, ',');
}

/** Most important first: what does not fit is cut at the end. */
function remarksOf(logs: LogsState, geometry: LogGeometry): Line {
	const remarks: Span[] = [];
	const { busy, newLines, search, query, view, marks, position } = logs;
	if (busy) {
		const percent = busy.ratio === undefined ? '' : ` ${Math.floor(busy.ratio * 100)}%`;
		remarks.push({ text: `${busy.what}${percent} (Esc stops)`, token: 'accent' });
	}
	if (newLines.count > 0 && !logs.following) {
		remarks.push({
			text: `+${grouped(newLines.count)}${newLines.more ? ' or more' : ''} new`,
			token: 'added',
		});
	}
	if (search) {
		const count = search.matches === undefined ? '' : ` ${grouped(search.matches)}×`;
		remarks.push({ text: `/${sanitizeLine(search.text)}${count}`, token: 'match' });
	}
	if (query.filter) {
		remarks.push({
			text: `&${sanitizeLine(query.filter.text)}${query.context ? ' ±3' : ''}`,
			token: 'match',
		});
	}
	if (query.streams !== 'both') remarks.push({ text: query.streams, token: 'accent' });
	if (marks.size > 0) remarks.push({ text: `${marks.size} marked`, token: 'accent' });
	if (!view.wrap) remarks.push({ text: view.sideways > 0 ? `→${view.sideways}` : 'no wrap', token: 'muted' });
	if (logs.source.kind === 'open' && logs.entries.length > 0) {
		const size = formatBytesCompact(position.totalBytes);
		remarks.push({ text: logs.following ? size : `${position.percent}% of ${size}`, token: 'muted' });
		const nanos = logs.entries[shownTop(logs, geometry).index]?.line.timestampNanos;
		if (nanos !== undefined)
			remarks.push({ text: timeOfTop(nanos, view.timestamps === 'utc'), token: 'muted' });
	}
	return remarks.flatMap((span, index) => (index === 0 ? [span] : [{ text: ' ' }, span]));
}

function timeOfTop(nanos: bigint, utc: boolean): string {
	const ms = Number(nanos / 1_000_000n);
	return `${formatDay(ms, utc)} ${formatClockTime(ms, utc).slice(0, 8)}${utc ? 'Z' : ''}`;
}
