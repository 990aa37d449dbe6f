/** What the confirmation of the demo says. */
import { formatPlural } from '../../text/numbers.ts';
import { demoPods } from '../store/demo.ts';
import type { UiState } from '../store/state.ts';
import type { Token } from '../theme/tokens.ts';

/** One paragraph of a confirmation, under a label or under none. */
export type DialogPart = {
	readonly label: string;
	readonly text: string;
	readonly token?: Token | undefined;
};

const start: readonly DialogPart[] = [
	{
		label: 'Pods',
		text: 'A web server on a port of 127.0.0.1, a logger, a crash loop, one that takes too much memory, and one that finishes.',
	},
	{
		label: 'Effect',
		text: "Loads five small images made of this host's own busybox, without network, and starts five pods in the namespace demo.",
		token: 'warn',
	},
	{ label: 'Then', text: 'The same key removes all of it.' },
	{ label: 'By hand', text: 'criscope demo', token: 'muted' },
];

/** @param starts false where it is to be removed */
export function demoParts(starts: boolean, state: UiState): readonly DialogPart[] {
	if (starts) return start;
	const pods = formatPlural(demoPods(state).length, 'pod');
	return [
		{
			label: 'Effect',
			text: `Stops and removes the ${pods} marked as the demo's, its images and its logs, and nothing else.`,
			token: 'warn',
		},
		{ label: 'By hand', text: 'criscope demo --remove', token: 'muted' },
	];
}
