import type { Entry } from './entry.ts';
import { parseLogPattern } from './log-pattern.ts';

/** `&` in the log: Enter shows only the lines that match; an empty line shows all again. */
export const logFilterEntry: Entry = {
	submit: ({ dispatch }, value) => {
		try {
			const filter = value === '' ? undefined : parseLogPattern(value);
			dispatch('entry', { kind: 'entryClosed' });
			dispatch('logs', { kind: 'logQueryChanged', query: { filter, context: false } });
			if (filter) dispatch('logs', { kind: 'logPatternTyped', text: value });
		} catch (error) {
			const problem = error instanceof Error ? error.message : String(error);
			dispatch('entry', { kind: 'entryRefused', problem });
		}
	},
};
