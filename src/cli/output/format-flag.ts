/** The flag `-o` of verbs that act and print what came of it; documents have more forms (document-output.ts). */
import type { FlagSpecs } from '../flags.ts';
import { UsageError } from '../usage-error.ts';

/** How objects are printed. */
export type OutputFormat = 'table' | 'json' | 'yaml';

/** To be spread into a verb's flags. */
export const formatFlags = {
	output: {
		kind: 'text',
		short: 'o',
		value: 'FORMAT',
		help: 'json, yaml or table',
	},
} as const satisfies FlagSpecs;

/**
 * Reads the format.
 * @throws UsageError for one that is not known.
 */
export function outputFormat(
	flags: { readonly output: string | undefined },
	fallback: OutputFormat,
): OutputFormat {
	const output = flags.output ?? fallback;
	if (output !== 'table' && output !== 'json' && output !== 'yaml') {
		throw new UsageError(`unknown output "${output}"; there are json, yaml and table`);
	}
	return output;
}
