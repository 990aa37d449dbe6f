import { boxOf } from '../../layout.ts';
import type { UiState } from '../../state.ts';
import type { LogGeometry, LogsState } from './logs-state.ts';

/** What the row at the foot of the pane says; undefined while there is nothing to say and lines have the room. */
export function logFootText(logs: LogsState): string | undefined {
	return logs.problem ?? (logs.remark === '' ? undefined : logs.remark);
}

/** The room that lines of the log have now; while the pane is hidden, what it would have alone on the screen. */
export function logGeometry({ screen, logs }: Pick<UiState, 'screen' | 'logs'>): LogGeometry {
	const box = boxOf(screen, 'logs') ?? { columns: screen.columns, rows: screen.rows - 3 };
	const foot = logFootText(logs) === undefined || box.rows < 4 ? 0 : 1;
	return { columns: box.columns, rows: Math.max(1, box.rows - 1 - foot) };
}
