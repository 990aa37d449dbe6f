import { paletteMatches } from '../commands/palette-matches.ts';
import type { Entry } from './entry.ts';

/** `:` finds a command by its title, id or key; Enter runs it. The palette runs it through the same gate as a key. */
export const paletteEntry: Entry = {
	change: ({ dispatch }) => dispatch('overlays', { kind: 'overlayCursorMoved', delta: -1e9, count: 1 }),
	submit: (context, value) => {
		const { state, dispatch } = context;
		const chosen = paletteMatches(context.commands, value)[state.overlays.cursor];
		dispatch('entry', { kind: 'entryClosed' });
		dispatch('overlays', { kind: 'overlayClosed', overlay: 'palette' });
		if (chosen) context.runCommand(chosen.command.id);
	},
	cancel: ({ dispatch }) => dispatch('overlays', { kind: 'overlayClosed', overlay: 'palette' }),
	move: ({ state, dispatch, commands }, delta) =>
		dispatch('overlays', {
			kind: 'overlayCursorMoved',
			delta,
			count: paletteMatches(commands, state.entry?.value ?? '').length,
		}),
};
