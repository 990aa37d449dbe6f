import type { Entry } from './entry.ts';

/** What the label of the typed line says is what is saved: the line has one purpose and three sources. */
export const saveLabels = {
	everything: 'Save the whole log to',
	filtered: 'Save all that the filter shows to',
	marked: 'Save the marked lines to',
	screen: 'Save what is on the screen to',
} as const;

/** Ctrl-s and Ctrl-o in the log: a path to save to. */
export const logSaveEntry: Entry = {
	submit: ({ state, dispatch, effects }, value) => {
		if (value.trim() === '') {
			dispatch('entry', { kind: 'entryRefused', problem: 'Type the path of a file.' });
			return;
		}
		const label = state.entry?.label;
		dispatch('entry', { kind: 'entryClosed' });
		const what =
			label === saveLabels.screen ? 'screen' : label === saveLabels.marked ? 'marked' : 'everything';
		effects.logs.save(value, what);
	},
};
