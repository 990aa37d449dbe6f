import { parseForwards } from '../../cri/streaming/port-forward-spec.ts';
import { forwardablePod } from '../commands/session-targets.ts';
import type { Entry } from './entry.ts';

/** `F`: the ports to forward; Enter opens them, or says what is wrong with the text. */
export const forwardPortsEntry: Entry = {
	submit({ state, dispatch, effects }, value) {
		const pod = forwardablePod(state);
		const parsed = parseForwards(value);
		if (typeof pod === 'string') dispatch('entry', { kind: 'entryRefused', problem: pod });
		else if (!parsed.ok) dispatch('entry', { kind: 'entryRefused', problem: parsed.problem });
		else {
			dispatch('entry', { kind: 'entryClosed' });
			dispatch('forwards', { kind: 'forwardPortsTyped', value: value.trim() });
			effects.sessions.openForwards(pod.target, parsed.specs);
		}
	},
};
