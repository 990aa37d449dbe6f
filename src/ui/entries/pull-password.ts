import type { Entry } from './entry.ts';

/** The password of a login; it goes into one pull and is kept nowhere. */
export const pullPasswordEntry: Entry = {
	submit: ({ state, dispatch, effects }, password) => {
		const { login, tasks } = state.pulls;
		const task = tasks.find(({ id }) => id === login?.taskId);
		dispatch('entry', { kind: 'entryClosed' });
		dispatch('pulls', { kind: 'loginEnded' });
		if (login && task) effects.pulls.beginAs(task.image, { username: login.username, password });
	},
	cancel: ({ dispatch }) => dispatch('pulls', { kind: 'loginEnded' }),
	move: () => undefined,
};
