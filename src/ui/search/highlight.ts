import { type CorpusText, isIdentity, isLoose } from './corpus.ts';
import { identityStart } from './identity.ts';
import { matchLetters } from './letters.ts';
import { bestOccurrence } from './literal.ts';
import type { Term } from './query.ts';

/** A half-open range of UTF-16 units of a field's text. */
export type MatchRange = { readonly start: number; readonly end: number };

/** Says where terms match a text, in reading order, without overlaps; empty when none does. */
export function rangesIn(terms: readonly Term[], text: CorpusText): readonly MatchRange[] {
	return mergeRanges(terms.flatMap((term) => rangesOfTerm(term, text)));
}

function rangesOfTerm(term: Term, text: CorpusText): readonly MatchRange[] {
	const isPrefix = isIdentity(text) && !term.exact;
	const start = isPrefix
		? identityStart(term.text, text.lower, text.kind)
		: bestOccurrence(term.text, text.lower);
	if (start >= 0) return [{ start, end: start + term.text.length }];
	const indexes = isLoose(term, text) ? (matchLetters(term.text, text)?.indexes ?? []) : [];
	return indexes.map((index) => ({ start: index, end: index + 1 }));
}

/** Joins ranges that touch or overlap. */
function mergeRanges(ranges: readonly MatchRange[]): readonly MatchRange[] {
	const merged: { start: number; end: number }[] = [];
	for (const { start, end } of [...ranges].sort((a, b) => a.start - b.start)) {
		const last = merged.at(-1);
		if (last !== undefined && start <= last.end) last.end = Math.max(last.end, end);
		else merged.push({ start, end });
	}
	return merged;
}
