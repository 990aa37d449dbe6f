import { focusedList } from '../store/selectors.ts';
import type { Entry } from './entry.ts';

/** `/` in a list: narrows while one types; Enter keeps the filter, Escape drops it. */
export const listFilterEntry: Entry = {
	change: ({ state, dispatch }, value) =>
		dispatch('lists', { kind: 'filterChanged', list: focusedList(state), filter: value }),
	submit: ({ dispatch }) => dispatch('entry', { kind: 'entryClosed' }),
	cancel: ({ state, dispatch }) =>
		dispatch('lists', { kind: 'filterChanged', list: focusedList(state), filter: '' }),
	move: ({ state, dispatch }, delta) =>
		dispatch('lists', { kind: 'cursorMoved', list: focusedList(state), delta }),
};
