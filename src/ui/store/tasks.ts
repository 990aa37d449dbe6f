/** Pulls and changes as one list of background tasks, newest first. */

import { memoized } from './memo.ts';
import type { Change } from './slices/actions.ts';
import type { PullTask } from './slices/pulls.ts';
import type { UiState } from './state.ts';

/** One background task; `key` is what the cursor stays on. */
export type TaskRow =
	| { readonly kind: 'pull'; readonly key: string; readonly startedAtMs: number; readonly pull: PullTask }
	| { readonly kind: 'change'; readonly key: string; readonly startedAtMs: number; readonly change: Change };

/** All tasks of this session. */
export const taskRows = memoized(
	(state: UiState) => [state.pulls.tasks, state.actions.changes] as const,
	(pulls: readonly PullTask[], changes: readonly Change[]): readonly TaskRow[] => {
		const rows: readonly TaskRow[] = [
			...pulls.map(
				(pull): TaskRow => ({ kind: 'pull', key: `pull-${pull.id}`, startedAtMs: pull.startedAtMs, pull }),
			),
			...changes.map(
				(change): TaskRow => ({
					kind: 'change',
					key: `change-${change.id}`,
					startedAtMs: change.startedAtMs,
					change,
				}),
			),
		];
		return rows.toSorted((left, right) => right.startedAtMs - left.startedAtMs);
	},
);

/** Index of the row under the cursor; the newest where none was chosen; -1 without rows. */
export function selectedTaskIndex(state: UiState): number {
	const rows = taskRows(state);
	const index = rows.findIndex(({ key }) => key === state.pulls.selectedKey);
	return index >= 0 ? index : Math.min(0, rows.length - 1);
}

/** The row under the cursor. */
export function selectedTask(state: UiState): TaskRow | undefined {
	return taskRows(state)[selectedTaskIndex(state)];
}

/** Whether a task is still under way. */
export function isRunning(row: TaskRow): boolean {
	return row.kind === 'pull' ? row.pull.state === 'running' : row.change.endedAtMs === undefined;
}
