/** One word of a query. */
export type Term = {
	/** In lower case, never empty. */
	readonly text: string;
	/** Was quoted: the text has to stand in the field as it is, blanks included. */
	readonly exact: boolean;
};

/** What a typed filter asks for: every term of `include` has to match, none of `exclude` may. */
export type Query = { readonly include: readonly Term[]; readonly exclude: readonly Term[] };

/**
 * Reads a filter as typed. A blank separates terms, `!term` excludes, `"two words"` is taken literally, `!"…"` both.
 * Anything can be typed: a quote that is still open ends with the text, a lone `!` asks for nothing yet.
 */
export function parseQuery(typed: string): Query {
	const include: Term[] = [];
	const exclude: Term[] = [];
	// A quote inside a word is a character like others: only one that begins a term is a quote.
	for (const match of typed.matchAll(/(!?)(?:"([^"]*)(?:"|$)|([^\s"]\S*))/g)) {
		const exact = match[2] !== undefined;
		let text = match[2] ?? match[3] ?? '';
		// `!` alone matches the last branch.
		const negated = match[1] === '!' || (!exact && text === '!');
		if (!exact && text === '!') text = '';
		if (text !== '') (negated ? exclude : include).push({ text: text.toLowerCase(), exact });
	}
	return { include, exclude };
}
