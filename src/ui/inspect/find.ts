import type { Document } from './document.ts';

/** Every match of a query, in reading order, as two lists of one length. */
export type Matches = {
	readonly lines: readonly number[];
	readonly starts: readonly number[];
	readonly queryLength: number;
	/** More were found than are kept. */
	readonly capped: boolean;
};

/** Matches that are kept and counted: nobody walks through more. */
const matchLimit = 20_000;

/** Nothing sought, nothing found. */
export const noMatches: Matches = { lines: [], starts: [], queryLength: 0, capped: false };

/** Finds plain text; capitals count only where the query has some. */
export function findMatches(lines: Document, query: string): Matches {
	if (query === '') return noMatches;
	const exact = query !== query.toLowerCase();
	const foundLines: number[] = [];
	const starts: number[] = [];
	for (let index = 0; index < lines.length; index++) {
		const line = lines[index]?.text ?? '';
		let text = exact ? line : line.toLowerCase();
		// A letter whose small form is longer would shift the ranges: then it is compared as written.
		if (text.length !== line.length) text = line;
		for (let at = text.indexOf(query); at >= 0; at = text.indexOf(query, at + query.length)) {
			if (starts.length >= matchLimit)
				return { lines: foundLines, starts, queryLength: query.length, capped: true };
			foundLines.push(index);
			starts.push(at);
		}
	}
	return { lines: foundLines, starts, queryLength: query.length, capped: false };
}

/** Index of the first match at or after a place; the count of matches where there is none. */
export function firstMatchFrom(matches: Matches, line: number, start: number): number {
	let low = 0;
	let high = matches.lines.length;
	while (low < high) {
		const middle = (low + high) >> 1;
		const at = matches.lines[middle] ?? 0;
		if (at < line || (at === line && (matches.starts[middle] ?? 0) < start)) low = middle + 1;
		else high = middle;
	}
	return low;
}

/** Index of the match at exactly that place; undefined when there is none (any more). */
export function matchAt(matches: Matches, line: number, start: number): number | undefined {
	const index = firstMatchFrom(matches, line, start);
	return matches.lines[index] === line && matches.starts[index] === start ? index : undefined;
}
