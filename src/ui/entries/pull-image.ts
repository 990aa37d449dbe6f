import { errorMessage } from '../../cri/errors.ts';
import { parseImageReference } from '../../cri/image-reference.ts';
import type { Entry } from './entry.ts';

/** The image to pull. It goes to the runtime as typed, since short names are the runtime's to resolve. */
export const pullImageEntry: Entry = {
	submit: ({ dispatch, effects }, value) => {
		const image = value.trim();
		try {
			parseImageReference(image);
		} catch (error) {
			// The line shows the text already; what is wrong with it is what is left to say.
			const problem = errorMessage(error).replace(/^cannot use image ".*": /su, '');
			dispatch('entry', {
				kind: 'entryRefused',
				problem: image === '' ? 'Type a name; Esc leaves.' : problem,
			});
			return;
		}
		dispatch('entry', { kind: 'entryClosed' });
		effects.pulls.begin(image);
	},
};
