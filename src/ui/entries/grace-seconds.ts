import type { Entry } from './entry.ts';

/** A day: more is a slip of the finger. */
const longestSeconds = 86_400;

/** Another grace time for the open dialog; empty leaves it as it is. */
export const graceSecondsEntry: Entry = {
	submit: ({ dispatch }, value) => {
		const text = value.trim().replace(/\s*s$/, '');
		if (text === '') {
			dispatch('entry', { kind: 'entryClosed' });
			return;
		}
		const seconds = Number(text);
		if (!/^\d+$/.test(text) || seconds > longestSeconds) {
			const problem = `Whole seconds from 0 to ${longestSeconds}.`;
			dispatch('entry', { kind: 'entryRefused', problem });
			return;
		}
		dispatch('actions', { kind: 'graceTyped', seconds });
		dispatch('entry', { kind: 'entryClosed' });
	},
	move: () => undefined,
};
