import { documentText } from '../inspect/document.ts';
import { inspectDocument } from '../inspect/inspect-document.ts';
import type { Entry } from './entry.ts';

/** Where to save what the inspect view shows. A file that exists is replaced only when asked a second time. */
export const inspectSaveEntry: Entry = {
	submit: ({ state, dispatch, effects }, value) => {
		const path = value.trim();
		if (path === '') {
			dispatch('entry', { kind: 'entryRefused', problem: 'Type the name of a file.' });
			return;
		}
		const replace = state.inspect?.replacePath === path;
		effects.inspect.save({ path, text: documentText(inspectDocument(state)), replace });
	},
};
