/** Regular expressions of Go, as the filters of crictl take them. */
import { UsageError } from '../usage-error.ts';

const classes: Readonly<Record<string, string>> = {
	alnum: '0-9A-Za-z',
	alpha: 'A-Za-z',
	digit: '0-9',
	lower: 'a-z',
	upper: 'A-Z',
	punct: '!-\\/:-@\\[-`{-~',
	space: '\\s',
	word: '\\w',
	xdigit: '0-9A-Fa-f',
};

/**
 * Reads a pattern; what Go writes differently is translated.
 * @param flag for the error
 * @throws UsageError where it is no regular expression: crictl would silently find nothing.
 * Source: RE2 syntax, https://golang.org/s/re2syntax
 */
export function parseGoRegExp(pattern: string, flag: string): RegExp {
	const [, letters = '', rest = pattern] = /^\(\?([ims]+)\)(.*)$/su.exec(pattern) ?? [];
	const translated = rest
		.replaceAll('(?P<', '(?<')
		.replace(/\[:(\w+):\]/gu, (whole, name: string) => classes[name] ?? whole)
		.replace(/(\\\\)|\\A|\\z/gu, (found) => (found === '\\A' ? '^' : found === '\\z' ? '$' : found));
	try {
		return new RegExp(translated, [...new Set(letters)].join(''));
	} catch (error) {
		const cause = (error as Error).message.replace(/^Invalid regular expression: /u, '');
		throw new UsageError(`flag --${flag} is no regular expression: ${cause}`);
	}
}

/** Whether the text matches; every text does where nothing was asked for. */
export function matches(pattern: RegExp | undefined, text: string): boolean {
	return pattern === undefined || pattern.test(text);
}
