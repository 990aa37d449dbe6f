/** Scores, 0–1: the whole text, its beginning, the beginning of a word, anywhere. */
const wholeScore = 1;
const prefixScore = 0.9;
const wordScore = 0.8;
const insideScore = 0.65;
/** Occurrences looked at for one at the beginning of a word. */
const occurrenceLimit = 8;

/**
 * Says how well a text that holds a term matches it: above 0, up to 1; 0 when the match reaches beyond the text.
 * @param joined holds the text from `start` to `end`, in lower case, as the term.
 * @param first where in `joined` the term is found first.
 */
export function scoreLiteral(
	term: string,
	joined: string,
	first: number,
	start: number,
	end: number,
): number {
	const length = end - start;
	if (first + term.length > end) return 0;
	if (term.length === length) return wholeScore;
	// Of two names that begin alike, the shorter one is nearer to what was typed.
	const nearness = (0.05 * term.length) / length;
	if (first === start) return prefixScore + nearness;
	return (isWordStart(joined, bestOccurrence(term, joined, first, end)) ? wordScore : insideScore) + nearness;
}

/** The first occurrence that begins a word, else the first of all; -1 when there is none. */
export function bestOccurrence(
	term: string,
	lower: string,
	first: number = lower.indexOf(term),
	end: number = lower.length,
): number {
	let start = first;
	for (let count = 0; start >= 0 && start + term.length <= end && count < occurrenceLimit; count++) {
		if (isWordStart(lower, start)) return start;
		start = lower.indexOf(term, start + 1);
	}
	return first;
}

/** Whether what stands before a place is no letter and no digit. */
export function isWordStart(lower: string, index: number): boolean {
	if (index === 0) return true;
	const before = lower.charCodeAt(index - 1);
	const isDigit = before >= 48 && before <= 57;
	return !isDigit && !(before >= 97 && before <= 122) && before < 128;
}
