import { useMemo } from 'react';
import { sanitizeLine } from '../../text/sanitize.ts';
import { Lines } from '../components/lines.tsx';
import { useUi } from '../hooks/use-ui.ts';
import type { PaneBox } from '../store/layout.ts';
import { logFootText } from '../store/slices/logs/geometry.ts';
import type { LogGeometry, LogsState } from '../store/slices/logs/logs-state.ts';
import { logRows } from '../store/slices/logs/pane-rows.ts';
import type { Line } from '../theme/tokens.ts';
import { logTitle } from './logs-title.ts';

/** The log pane. It is drawn again only when the log, its size or the focus changed, not with every tick. */
export function Logs({ box }: { readonly box: PaneBox }) {
	const logs = useUi((state) => state.logs);
	const focused = useUi((state) => state.screen.focus === 'logs');
	const { columns, rows, row, column } = box;
	const lines = useMemo(
		() => logPaneLines(logs, { pane: 'logs', columns, rows, row, column }, focused),
		[logs, columns, rows, row, column, focused],
	);
	return <Lines lines={lines} columns={columns} rows={rows} />;
}

/** The log pane as text: title, lines, and at the foot what there is to say about the files. */
export function logPaneLines(logs: LogsState, box: PaneBox, focused: boolean): readonly Line[] {
	const foot = box.rows < 4 ? undefined : logFootText(logs);
	const geometry: LogGeometry = {
		columns: box.columns,
		rows: Math.max(1, box.rows - (foot === undefined ? 1 : 2)),
	};
	const title = logTitle(logs, box, geometry, focused);
	if (logs.entries.length === 0) return [title, ...emptyLines(logs, box.columns)];
	const rows = logRows(logs, geometry, focused);
	if (foot === undefined) return [title, ...rows];
	const blank = Array.from({ length: geometry.rows - rows.length }, (): Line => []);
	const token = logs.problem === undefined ? 'muted' : 'warn';
	return [title, ...rows, ...blank, [{ text: `  ${sanitizeLine(foot)}`, token }]];
}

/** Why there is nothing to read, and what can be done about it. */
function emptyLines(logs: LogsState, columns: number): readonly Line[] {
	const said = (text: string, token: 'muted' | 'warn' | undefined): readonly Line[] =>
		words(sanitizeLine(text), columns - 4).map((row) => [{ text: `  ${row}`, token }]);
	if (logs.source.kind === 'none') return said(logs.source.text, 'muted');
	if (logs.source.kind === 'opening') return said('Opening the log …', 'muted');
	if (logs.problem !== undefined)
		return [...said(logs.problem, 'warn'), ...said(adviceFor(logs.problem), 'muted')];
	const { filter, streams } = logs.query;
	if (!logs.atEnd) return said(logs.busy ? 'Looking through the log …' : 'Reading …', 'muted');
	if (filter) return said(`No line matches "${filter.text}". Esc clears the filter.`, 'muted');
	if (streams !== 'both')
		return said(`Nothing was written to ${streams}. x shows the other stream.`, 'muted');
	return said('The log is empty so far. What the container writes appears here.', 'muted');
}

function adviceFor(problem: string): string {
	if (problem.includes('permission denied')) {
		return 'Container logs belong to root: start criscope with sudo to read them.';
	}
	if (problem.includes('does not exist')) {
		return (
			'A log can be read only on the node that runs the container. There it may be gone with its pod, ' +
			'or not begun yet: it is shown as soon as it is there.'
		);
	}
	return 'Other containers are read as usual.';
}

function words(text: string, width: number): readonly string[] {
	const rows: string[] = [];
	for (const word of text.split(' ')) {
		const last = rows.at(-1);
		if (last === undefined || last.length + word.length + 1 > width) rows.push(word);
		else rows[rows.length - 1] = `${last} ${word}`;
	}
	return rows;
}
