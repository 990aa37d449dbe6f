import { selectedTask } from '../store/tasks.ts';
import type { Entry } from './entry.ts';

/** The user name for a registry; the password follows. */
export const pullUsernameEntry: Entry = {
	submit: ({ state, dispatch }, value) => {
		const username = value.trim();
		if (username === '') {
			dispatch('entry', { kind: 'entryRefused', problem: 'Type a user name; Esc leaves.' });
			return;
		}
		const task = selectedTask(state);
		dispatch('entry', { kind: 'entryClosed' });
		if (task?.kind !== 'pull') return;
		dispatch('pulls', { kind: 'loginBegun', taskId: task.pull.id, username });
		dispatch('entry', { kind: 'entryOpened', entry: 'pullPassword', label: 'Password:', masked: true });
	},
	move: () => undefined,
};
