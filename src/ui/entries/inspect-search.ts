import { searchFor } from '../inspect/search-moves.ts';
import type { Entry } from './entry.ts';

/** `/` in the inspect view: goes to the first match while one types; Enter stays there, Escape goes back. */
export const inspectSearchEntry: Entry = {
	change: ({ state, dispatch }, value) => {
		const move = searchFor(state, value);
		if (!move) return;
		dispatch('inspect', { kind: 'inspectSearched', search: move.search });
		dispatch('inspect', { kind: 'inspectPlaced', place: move.place });
	},
	submit: ({ state, dispatch, runCommand }, value) => {
		dispatch('entry', { kind: 'entryClosed' });
		if (value === '') dispatch('inspect', { kind: 'inspectSearched', search: undefined });
		else if (state.inspect?.search && !state.inspect.search.at) runCommand('inspect.next');
	},
	cancel: ({ state, dispatch }) => {
		const search = state.inspect?.search;
		dispatch('inspect', { kind: 'inspectSearched', search: undefined });
		if (search) dispatch('inspect', { kind: 'inspectPlaced', place: search.origin });
	},
};
