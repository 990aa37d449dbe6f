import type { SearchField } from './fields.ts';

/** What is known for sure (an id, an address) comes before every name, whose score is at most 1. */
const identityScore = 2;
const wholeIdentityScore = 2.1;
const unclearScore = 0.3;
/** Beginning of an id, in digits, from which on it is meant as one: fewer are the beginning of many words. */
const identityDigits = 4;

/**
 * Says how well a term matches ids, addresses or digests: 0 not at all, 2 and more when it surely means one of them.
 */
export function scoreIdentity(term: string, lower: string, kind: SearchField['kind']): number {
	const start = identityStart(term, lower, kind);
	if (start < 0) return 0;
	const end = start + term.length;
	const isWhole = end === lower.length || isSeparator(lower.charCodeAt(end));
	// `10` is the beginning of every pod's address, and of many names: only with a separator it is meant as one.
	const isMeant =
		kind === 'address' ? isWhole || term.includes('.') || term.includes(':') : term.length >= identityDigits;
	if (!isMeant) return unclearScore;
	return isWhole ? wholeIdentityScore : identityScore;
}

/**
 * Where one of the ids in the text begins with the term, -1 for nowhere. Ids are separated by blanks, commas, `@`, and
 * in digests by the colon behind the algorithm.
 */
export function identityStart(term: string, lower: string, kind: SearchField['kind']): number {
	for (let start = lower.indexOf(term); start >= 0; start = lower.indexOf(term, start + 1)) {
		const before = start === 0 ? 32 : lower.charCodeAt(start - 1);
		const begins = isSeparator(before) || (before === 58 && kind === 'digest');
		// `sha256` begins every digest, so it counts only once its colon is typed as well.
		const isAlgorithm =
			begins &&
			kind === 'digest' &&
			!term.includes(':') &&
			/^[a-z0-9]*:/.test(lower.slice(start + term.length));
		if (begins && !isAlgorithm) return start;
	}
	return -1;
}

/** Blank, comma, slash (of a prefix length), `@` or an opening bracket. */
function isSeparator(code: number): boolean {
	return code === 32 || code === 44 || code === 47 || code === 64 || code === 91 || code === 10;
}
