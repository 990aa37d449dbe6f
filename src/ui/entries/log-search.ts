import type { Entry } from './entry.ts';
import { parseLogPattern } from './log-pattern.ts';

/** `/` in the log: highlights while one types; Enter goes to the first match, Escape looks for nothing. */
export const logSearchEntry: Entry = {
	change: ({ dispatch }, value) => {
		try {
			dispatch('logs', { kind: 'logSearchChanged', pattern: parseLogPattern(value) });
		} catch {
			// Half an expression is none yet; Enter says what is wrong with it.
			dispatch('logs', { kind: 'logSearchChanged', pattern: undefined });
		}
	},
	submit: ({ dispatch, effects }, value) => {
		if (value === '') {
			dispatch('entry', { kind: 'entryClosed' });
			dispatch('logs', { kind: 'logSearchChanged', pattern: undefined });
			return;
		}
		try {
			dispatch('logs', { kind: 'logSearchChanged', pattern: parseLogPattern(value) });
		} catch (error) {
			const problem = error instanceof Error ? error.message : String(error);
			dispatch('entry', { kind: 'entryRefused', problem });
			return;
		}
		dispatch('logs', { kind: 'logPatternTyped', text: value });
		dispatch('entry', { kind: 'entryClosed' });
		effects.logs.find('forward', true);
	},
	cancel: ({ dispatch }) => dispatch('logs', { kind: 'logSearchChanged', pattern: undefined }),
};
