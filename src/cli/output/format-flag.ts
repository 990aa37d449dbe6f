/** The flags `-o` and `--template` of verbs that print objects. */
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

/** `formatFlags` for verbs to which crictl gives templates; asked for, they are refused with a sentence. */
export const formatAndTemplateFlags = {
	...formatFlags,
	template: { kind: 'text', value: 'TEMPLATE', help: 'not there yet: use -o json, and jq' },
} as const satisfies FlagSpecs;

/**
 * Reads the format.
 * @throws UsageError for one that is not known, and for templates.
 */
export function outputFormat(
	flags: { readonly output: string | undefined; readonly template?: string | undefined },
	fallback: OutputFormat,
): OutputFormat {
	const { output = fallback, template } = flags;
	if (output === 'go-template' || template !== undefined) {
		throw new UsageError('output by go-template is not there yet: use -o json, and jq for single fields');
	}
	if (output !== 'table' && output !== 'json' && output !== 'yaml') {
		throw new UsageError(`unknown output "${output}"; there are json, yaml and table`);
	}
	return output;
}
