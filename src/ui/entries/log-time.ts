import { parseTimeQuery } from '../format/time-query.ts';
import type { Entry } from './entry.ts';

/** `@` in the log: goes to the first line at or after a time. */
export const logTimeEntry: Entry = {
	submit: ({ state, dispatch, effects }, value) => {
		try {
			const nanos = parseTimeQuery(value, state.nowMs);
			dispatch('entry', { kind: 'entryClosed' });
			effects.logs.toTime(nanos);
		} catch (error) {
			const problem = error instanceof Error ? error.message : String(error);
			dispatch('entry', { kind: 'entryRefused', problem });
		}
	},
};
