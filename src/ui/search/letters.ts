import { prepare, single } from 'fuzzysort';
import { isWordStart } from './literal.ts';

/** A text ready for matching by single letters; what is costly waits until it is needed. */
export type LetterTarget = {
	readonly text: string;
	readonly lower: string;
	prepared: ReturnType<typeof prepare> | undefined;
};

/** Matches by letters come after literal ones; their own score, 0–1, is spread below this. */
const fuzzyScore = 0.6;
const leastScore = 0.03;
/** In longer texts nearly every word can be picked together letter by letter, so letters must stand close there. */
const longTextUnits = 48;
const widestGap = 4;

/**
 * Matches a term by its letters in their order: `kpx` finds `kube-proxy`. Undefined when it does not match well
 * enough to be worth showing. Names go through fuzzysort; two letters must each begin a word (`kp`), since nearly
 * every name has any two; long texts (labels, commands) need the letters close together.
 * @returns score 0–0.6, and where the letters stand.
 */
export function matchLetters(
	term: string,
	target: LetterTarget,
): { readonly score: number; readonly indexes: readonly number[] } | undefined {
	if (term.length < 2) return undefined;
	if (target.lower.length > longTextUnits) return matchWindow(term, target.lower);
	if (term.length === 2) return matchInitials(term, target.lower);
	if (!hasInOrder(term, target.lower)) return undefined;
	target.prepared ??= prepare(target.text);
	const result = single(term, target.prepared);
	if (result === null) return undefined;
	return { score: fuzzyScore * Math.max(leastScore, Math.min(1, result.score)), indexes: result.indexes };
}

/** Cheap first look: are the letters there at all, one after the other? */
function hasInOrder(letters: string, lower: string): boolean {
	let from = 0;
	for (let index = 0; index < letters.length; index++) {
		from = lower.indexOf(letters[index] ?? '', from) + 1;
		if (from === 0) return false;
	}
	return true;
}

function matchInitials(
	term: string,
	lower: string,
): { score: number; indexes: readonly number[] } | undefined {
	const first = initialFrom(lower, term[0] ?? '', 0);
	const second = first < 0 ? -1 : initialFrom(lower, term[1] ?? '', first + 1);
	return second < 0 ? undefined : { score: fuzzyScore / 2, indexes: [first, second] };
}

function initialFrom(lower: string, letter: string, from: number): number {
	let index = lower.indexOf(letter, from);
	while (index >= 0 && !isWordStart(lower, index)) index = lower.indexOf(letter, index + 1);
	return index;
}

/** Looks for the letters with small gaps only; a place that begins a word is taken before the first of all. */
function matchWindow(term: string, lower: string): { score: number; indexes: readonly number[] } | undefined {
	const letter = term[0] ?? '';
	let found: readonly number[] | undefined;
	for (let start = lower.indexOf(letter); start >= 0; start = lower.indexOf(letter, start + 1)) {
		const indexes = lettersFrom(term, lower, start);
		if (indexes === undefined) continue;
		const begins = isWordStart(lower, start);
		if (term.length === 2 && !(begins && isWordStart(lower, indexes[1] ?? 0))) continue;
		if (begins || found === undefined) found = indexes;
		if (begins) break;
	}
	if (found === undefined) return undefined;
	const span = (found.at(-1) ?? 0) - (found[0] ?? 0) + 1;
	return { score: ((fuzzyScore / 2) * term.length) / span, indexes: found };
}

function lettersFrom(term: string, lower: string, start: number): readonly number[] | undefined {
	// Most places fail at the second letter: look for it before anything is allocated.
	let at = nextWithin(lower, term.charCodeAt(1), start);
	if (at < 0) return undefined;
	const indexes = [start, at];
	for (let letter = 2; letter < term.length; letter++) {
		at = nextWithin(lower, term.charCodeAt(letter), at);
		if (at < 0) return undefined;
		indexes.push(at);
	}
	return indexes;
}

function nextWithin(lower: string, code: number, from: number): number {
	const end = Math.min(lower.length, from + 1 + widestGap);
	for (let at = from + 1; at < end; at++) if (lower.charCodeAt(at) === code) return at;
	return -1;
}
