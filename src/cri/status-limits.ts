/**
 * What a runtime says its machine does not allow, out of the verbose answer of Status. The CRI leaves `info` to each
 * runtime; criscope's own answers `limits`, JSON with `sentences` and `words`. Source: src/runtime/server/status.ts.
 */
import type { StringMap } from './model.ts';

/** One thing that containers cannot have on this machine. */
export type HostLimit = {
	/** A few words for a line that tells of many things. */
	readonly words: string;
	/** All of it. */
	readonly sentence: string;
};

/** Reads them. Nothing is known where there is no such key, or where it is not as expected. Not sanitised. */
export function parseStatusLimits({ limits }: StringMap): readonly HostLimit[] {
	if (limits === undefined) return [];
	try {
		const { sentences, words } = JSON.parse(limits) as { sentences?: unknown; words?: unknown };
		const short = Array.isArray(words) ? words : [];
		return (Array.isArray(sentences) ? sentences : []).flatMap((sentence: unknown, index) => {
			const word: unknown = short[index];
			if (typeof sentence !== 'string') return [];
			return [{ sentence, words: typeof word === 'string' ? word : sentence }];
		});
	} catch {
		return [];
	}
}
