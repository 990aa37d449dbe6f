/** The flags `--latest` and `--last` of lists. */
import type { FlagSpecs } from '../flags.ts';

/** To be spread into a verb's flags. */
export const limitFlags = {
	latest: { kind: 'switch', short: 'l', help: 'show the most recently created one only' },
	last: { kind: 'number', short: 'n', value: 'NUMBER', help: 'show so many recently created ones; 0 is all' },
} as const satisfies FlagSpecs;

/** What was written of them. */
export type Limit = { readonly latest: boolean; readonly last: number | undefined };

/** True where the list is cut. */
export function isLimited({ latest, last }: Limit): boolean {
	return latest || (last ?? 0) > 0;
}

/** Newest first, and no more than were asked for; `--last` counts before `--latest`, as with crictl. */
export function newestFirst<
	Item extends { readonly id: string; readonly createdAtNanos: bigint | undefined },
>(items: readonly Item[], { latest, last = 0 }: Limit): readonly Item[] {
	const sorted = items.toSorted((a, b) => {
		const [atA, atB] = [a.createdAtNanos ?? 0n, b.createdAtNanos ?? 0n];
		if (atA !== atB) return atA < atB ? 1 : -1;
		return a.id < b.id ? -1 : 1;
	});
	if (last > 0) return sorted.slice(0, last);
	return latest ? sorted.slice(0, 1) : sorted;
}
