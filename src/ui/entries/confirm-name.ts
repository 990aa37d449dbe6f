import { beginConfirmed } from '../commands/dialog-commands.ts';
import type { Entry } from './entry.ts';

/** The name of a system pod, typed out before it is touched. Leaving it goes back to the dialog. */
export const confirmNameEntry: Entry = {
	submit: (context, value) => {
		const { state, dispatch } = context;
		const wanted = state.actions.dialog?.requiredText;
		if (wanted !== undefined && value.trim() !== wanted) {
			dispatch('entry', { kind: 'entryRefused', problem: 'That is not it; Esc goes back.' });
			return;
		}
		dispatch('entry', { kind: 'entryClosed' });
		beginConfirmed(context);
	},
	// The history keys have nothing to offer here.
	move: () => undefined,
};
