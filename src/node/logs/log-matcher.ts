/** What a matcher is made of: plain values, so that it can be sent to a worker thread. */
export type LogMatcher = {
	readonly pattern: string;
	/** text: contains it. regex: JavaScript syntax, unicode. fuzzy: all its characters, in order. */
	readonly kind: 'text' | 'regex' | 'fuzzy';
	readonly ignoreCase: boolean;
	/** Matches the lines that do not match. */
	readonly invert: boolean;
};

/** A part of a text, in UTF-16 units: `text.slice(start, end)`. */
export type TextRange = { readonly start: number; readonly end: number };

/** More ranges than this in one line tell a reader nothing and cost a frame. */
const maxRanges = 1000;

/**
 * Checks and builds a matcher. It compares the content of a line only, never its timestamp prefix.
 * @throws Error with one clear sentence for an empty pattern or a bad regular expression.
 */
export function createLogMatcher(options: {
	readonly pattern: string;
	readonly kind: LogMatcher['kind'];
	readonly ignoreCase?: boolean | undefined;
	readonly invert?: boolean | undefined;
}): LogMatcher {
	const { pattern, kind } = options;
	if (pattern === '') throw new Error('cannot search for "": the pattern is empty');
	const matcher = { pattern, kind, ignoreCase: options.ignoreCase ?? false, invert: options.invert ?? false };
	if (kind === 'regex') {
		try {
			matcherExpression(matcher, '');
		} catch (cause) {
			const reason = cause instanceof Error ? cause.message : String(cause);
			// The engine's own sentence repeats the expression; keep what comes after it.
			const detail = reason.slice(reason.lastIndexOf(': ') + 1).trim();
			throw new Error(`cannot search for "${pattern}": not a regular expression: ${detail}`, { cause });
		}
	}
	return matcher;
}

/**
 * Makes the test for one line's content. Compile once, use for many lines.
 * A regular expression may take exponential time: run it in a worker, or on short text only.
 */
export function compileLogMatcher(matcher: LogMatcher): (text: string) => boolean {
	const { pattern, invert } = matcher;
	if (matcher.kind === 'text' && !matcher.ignoreCase) return (text) => text.includes(pattern) !== invert;
	if (matcher.kind === 'fuzzy') {
		const wanted = fuzzyCharacters(matcher);
		return (text) => matchesFuzzy(wanted, matcher.ignoreCase ? text.toLowerCase() : text) !== invert;
	}
	const expression = matcherExpression(matcher, '');
	return (text) => expression.test(text) !== invert;
}

/**
 * The parts of a text to highlight, in order, without overlap; none for an inverted matcher.
 * Meant for what is on the screen: hand it the visible text, not a megabyte.
 */
export function matchRanges(matcher: LogMatcher, text: string): readonly TextRange[] {
	if (matcher.invert) return [];
	if (matcher.kind === 'fuzzy') return fuzzyRanges(matcher, text);
	const ranges: TextRange[] = [];
	for (const match of text.matchAll(matcherExpression(matcher, 'g'))) {
		if (match[0] === '') continue;
		ranges.push({ start: match.index, end: match.index + match[0].length });
		if (ranges.length === maxRanges) break;
	}
	return ranges;
}

/**
 * Text that ignores case is a regular expression too: it folds ASCII and Unicode letters one to one, so that
 * ranges stay those of the original text (a lower-cased copy may be longer).
 */
function matcherExpression(matcher: LogMatcher, flags: string): RegExp {
	const caseFlag = matcher.ignoreCase ? 'i' : '';
	if (matcher.kind === 'regex') return new RegExp(matcher.pattern, `u${caseFlag}${flags}`);
	return new RegExp(RegExp.escape(matcher.pattern), `${caseFlag}${flags}`);
}

function fuzzyCharacters(matcher: LogMatcher): readonly string[] {
	const folded = matcher.ignoreCase ? matcher.pattern.toLowerCase() : matcher.pattern;
	// Blanks part the words a person types; they are not looked for.
	return [...folded].filter((character) => character.trim() !== '');
}

function matchesFuzzy(wanted: readonly string[], text: string): boolean {
	let at = 0;
	for (const character of wanted) {
		const found = text.indexOf(character, at);
		if (found < 0) return false;
		at = found + character.length;
	}
	return true;
}

function fuzzyRanges(matcher: LogMatcher, text: string): readonly TextRange[] {
	const folded = matcher.ignoreCase ? text.toLowerCase() : text;
	// A fold that changes the length (İ) would shift every range behind it.
	const searched = folded.length === text.length ? folded : text;
	const ranges: TextRange[] = [];
	let at = 0;
	for (const character of fuzzyCharacters(matcher)) {
		const found = searched.indexOf(character, at);
		if (found < 0) return [];
		at = found + character.length;
		const last = ranges.at(-1);
		if (last !== undefined && last.end === found) ranges[ranges.length - 1] = { start: last.start, end: at };
		else ranges.push({ start: found, end: at });
	}
	return ranges;
}
