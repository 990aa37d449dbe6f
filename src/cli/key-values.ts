import { UsageError } from './usage-error.ts';

/**
 * Reads `key=value` pairs; the value may hold further equals signs.
 * @param written the flag, for the error
 * @throws UsageError that quotes the pair.
 */
export function parsePairs(pairs: readonly string[], written: string): Readonly<Record<string, string>> {
	return Object.fromEntries(
		pairs.map((pair) => {
			const equals = pair.indexOf('=');
			if (equals < 1) throw new UsageError(`flag ${written} is KEY=VALUE, not "${pair}"`);
			return [pair.slice(0, equals), pair.slice(equals + 1)];
		}),
	);
}
