/** What `stats` and `statsp` have in common. */
import { parseLabelSelector } from '../../cri/filters.ts';
import type { FlagSpecs } from '../flags.ts';
import { documentFlags } from '../output/document-output.ts';
import { asFlag } from '../usage-error.ts';

/** crictl's flags, and further formats. */
export const statsFlags = {
	id: { kind: 'text', value: 'ID', help: 'the same as an operand' },
	label: { kind: 'list', value: 'KEY=VALUE', help: 'with this label; all that are given hold' },
	...documentFlags,
	seconds: {
		kind: 'number',
		short: 's',
		value: 'SECONDS',
		least: 1,
		help: 'how long the use of CPU is measured; 1',
	},
	watch: { kind: 'switch', short: 'w', help: 'again and again, until Ctrl-C' },
} as const satisfies FlagSpecs;

/** Documents need no second measurement; this is the rest a runtime gets between two, with --watch. */
export const restMs = 500;

/** Words for objects and labels, from operands and flags. @throws UsageError for a label. */
export function statsWords(
	flags: { readonly id: string | undefined; readonly label: readonly string[] },
	operands: readonly string[],
) {
	return {
		words: [...operands, ...(flags.id === undefined ? [] : [flags.id])],
		labelSelector: asFlag(() => parseLabelSelector(flags.label)),
	};
}
