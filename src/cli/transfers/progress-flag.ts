import { detectCapabilities } from '../../text/terminal-capabilities.ts';
import type { FlagSpecs } from '../flags.ts';
import type { VerbContext } from '../verb.ts';

/** How progress is told. */
export type ProgressMode = 'bars' | 'plain' | 'json' | 'none';

/** The flag of verbs that move images. */
export const progressFlag = {
	progress: {
		kind: 'text',
		value: 'HOW',
		choices: ['auto', 'bars', 'plain', 'json', 'none'],
		help: 'how progress is told on stderr: auto, bars, plain, json (one event a line) or none',
	},
} as const satisfies FlagSpecs;

/** Bars where the terminal at stderr can move its cursor, plain lines elsewhere, nothing for those who want it quiet. */
export function progressMode(
	flags: { readonly progress: string | undefined; readonly quiet: boolean },
	{ env, terminalSize }: Pick<VerbContext, 'env' | 'terminalSize'>,
): ProgressMode {
	const canDraw = detectCapabilities(env, terminalSize() !== undefined).cursorAddressing;
	switch (flags.progress) {
		case 'plain':
		case 'json':
		case 'none':
			return flags.progress;
		case 'bars':
			return canDraw ? 'bars' : 'plain';
		default:
			return flags.quiet ? 'none' : canDraw ? 'bars' : 'plain';
	}
}
