import type { FlagSpecs, FlagValues } from '../flags.ts';
import { UsageError } from '../usage-error.ts';

/** How long containers may take to end. */
export const graceFlag = {
	'grace-period': {
		kind: 'text',
		value: 'SECONDS',
		help: "instead of the manifest's terminationGracePeriodSeconds; 0 kills at once",
	},
} as const satisfies FlagSpecs;

/** The grace that was written. @throws UsageError */
export function graceSeconds(flags: FlagValues<typeof graceFlag>): number | undefined {
	const text = flags['grace-period'];
	if (text === undefined) return undefined;
	if (!/^\d{1,6}$/u.test(text))
		throw new UsageError(`flag --grace-period is a number of seconds, not "${text}"`);
	return Number(text);
}
