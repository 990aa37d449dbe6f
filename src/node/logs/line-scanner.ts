import { isAscii } from 'node:buffer';
import { createLineParser, type RawLine } from './line-parser.ts';
import { compileLogMatcher, type LogMatcher } from './log-matcher.ts';
import { findCriContent, type LogFormat, parsePhysicalLine } from './physical-line.ts';

/** Finds matching lines in a segment pushed chunk by chunk; for a worker thread. */
export type LineScanner = {
	/** Chunks may be cut anywhere; the bytes may be reused afterwards. */
	push(chunk: Buffer): void;
	/** The segment ends here: unfinished lines are matched too. */
	finish(): void;
	readonly stopped: () => boolean;
};

/** What a scanner is made of. */
export type LineScannerOptions = {
	readonly matcher: LogMatcher;
	readonly format: LogFormat;
	/** Offset of the first byte pushed; the start of a physical line. */
	readonly at: number;
	/** Returns false to stop. The content is valid only during the call. */
	readonly onMatch: (line: RawLine) => boolean;
	/** Matches are only counted: they come with their place and nothing else. */
	readonly countOnly?: boolean | undefined;
	/** Called before each line a regular expression is tried on: a sign of life. */
	readonly onTry?: (() => void) | undefined;
};

/** Content of a line beyond this is not searched: memory stays bounded whatever a line holds. */
const searchedBytes = 1 << 20;
const upperP = 0x50;
const countedLine = {
	stampText: undefined,
	stream: 'stdout',
	content: Buffer.alloc(0),
	truncatedBytes: 0,
	unfinished: false,
} as const;

/**
 * Makes a scanner. Plain text goes the fast way: one search over the chunk's bytes, and only a hit has its line
 * taken apart. Lines with partials, and everything a byte search cannot answer, go through the parser.
 */
export function createLineScanner(options: LineScannerOptions): LineScanner {
	const { matcher, format, onMatch, onTry } = options;
	const test = compileLogMatcher(matcher);
	const search = format === 'cri' ? createByteSearch(matcher) : undefined;
	const expression = createTextSearch(matcher);
	let at = options.at;
	/** Offset of the chunk being scanned. */
	let base = at;
	let stopped = false;

	const onLine = (line: RawLine): boolean => {
		onTry?.();
		if (test(line.content.toString('utf8'))) stopped = !onMatch(line);
		return !stopped;
	};
	const parser = createLineParser({ format, limitBytes: searchedBytes, at, onLine });

	/** Gives a whole line of the chunk, without its newline at `end`; true to go on. */
	function give(chunk: Buffer, start: number, end: number): boolean {
		if (options.countOnly === true) {
			const line = { start: base + start, end: base + end + 1, ...countedLine };
			stopped = !onMatch(line);
			return !stopped;
		}
		const single = createLineParser({
			format,
			limitBytes: searchedBytes,
			at: base + start,
			onLine: (line) => {
				stopped = !onMatch(line);
				return false;
			},
		});
		single.push(chunk.subarray(start, end + 1));
		return !stopped;
	}

	/** Searches whole lines without partials by their bytes: `from` up to `to`, which follows a newline. */
	function searchBytes(chunk: Buffer, from: number, to: number, find: ByteSearch): void {
		const next = find(chunk, from, to);
		let hit = next(from);
		while (hit >= 0) {
			const start = hit === 0 ? 0 : chunk.lastIndexOf(10, hit - 1) + 1;
			const end = chunk.indexOf(10, hit);
			const contentStart = Math.max(start, findCriContent(chunk, start, end));
			if (hit < contentStart) {
				hit = next(contentStart);
				continue;
			}
			if (hit - contentStart < searchedBytes && !give(chunk, start, end)) return;
			hit = next(end + 1);
		}
	}

	/** Searches the same lines with an expression that cannot match across a newline. */
	function searchText(chunk: Buffer, from: number, to: number, expression: RegExp): void {
		const text = chunk.toString('latin1', from, to);
		expression.lastIndex = 0;
		for (;;) {
			onTry?.();
			const hit = expression.exec(text);
			if (hit === null) return;
			const at = hit.index + from;
			const start = at === 0 ? 0 : chunk.lastIndexOf(10, at - 1) + 1;
			const end = chunk.indexOf(10, at);
			const contentStart = Math.max(start, findCriContent(chunk, start, end));
			const content = text.slice(contentStart - from, Math.min(end, contentStart + searchedBytes) - from);
			// A hit that begins in the prefix may hide one in the content.
			if ((at >= contentStart && end - contentStart <= searchedBytes) || test(content)) {
				if (!give(chunk, start, end)) return;
			}
			expression.lastIndex = end + 1 - from;
		}
	}

	/** Tries the matcher on each of the same lines; strings are slices of one where bytes are characters. */
	function tryLines(chunk: Buffer, from: number, to: number): void {
		const text = isAscii(chunk.subarray(from, to)) ? chunk.toString('latin1', from, to) : undefined;
		for (let start = from; start < to; ) {
			const end = chunk.indexOf(10, start);
			const contentStart = Math.max(start, findCriContent(chunk, start, end));
			let contentEnd = Math.min(end, contentStart + searchedBytes);
			if (contentEnd === end && contentEnd > contentStart && chunk[contentEnd - 1] === 13) contentEnd -= 1;
			const content =
				text?.slice(contentStart - from, contentEnd - from) ??
				chunk.toString('utf8', contentStart, contentEnd);
			onTry?.();
			if (test(content) && !give(chunk, start, end)) return;
			start = end + 1;
		}
	}

	function push(chunk: Buffer): void {
		if (format !== 'cri') {
			parser.push(chunk);
			return;
		}
		base = at;
		const wholeEnd = chunk.lastIndexOf(10) + 1;
		let from = 0;
		while (from < chunk.length && !stopped) {
			let to: number;
			if (from < wholeEnd && parser.isIdle()) {
				to = findPartial(chunk, from, wholeEnd);
				if (search !== undefined) searchBytes(chunk, from, to, search);
				else if (expression !== undefined && isAscii(chunk.subarray(from, to))) {
					searchText(chunk, from, to, expression);
				} else tryLines(chunk, from, to);
				parser.skip(to - from);
			} else {
				to = from < wholeEnd ? chunk.indexOf(10, from) + 1 : chunk.length;
				parser.push(chunk.subarray(from, to));
			}
			// The line with the partial itself: through the parser, which is not idle after it.
			if (to === from) {
				to = chunk.indexOf(10, from) + 1;
				parser.push(chunk.subarray(from, to));
			}
			from = to;
		}
		at = base + chunk.length;
	}

	return {
		push,
		finish: () => {
			if (!stopped) parser.finish();
		},
		stopped: () => stopped,
	};
}

/** Prepares a chunk, gives the next hit at or after an offset, -1 when there is none before the end. */
type ByteSearch = (chunk: Buffer, from: number, to: number) => (at: number) => number;

/** A search over bytes for a matcher that allows it. */
function createByteSearch(matcher: LogMatcher): ByteSearch | undefined {
	const { pattern, kind, ignoreCase, invert } = matcher;
	if (kind !== 'text' || invert || /[\n\r\uFFFD]/.test(pattern)) return undefined;
	if (!ignoreCase) {
		const needle = Buffer.from(pattern);
		return (chunk, _from, to) => (at) => {
			const hit = at >= to ? -1 : chunk.indexOf(needle, at);
			return hit < to ? hit : -1;
		};
	}
	if (!/^[\x20-\x7e]*$/.test(pattern)) return undefined;
	const needle = pattern.toLowerCase();
	return (chunk, from, to) => {
		// Byte for byte: an ASCII letter folds to one, and no other byte folds to an ASCII letter.
		const folded = chunk.toString('latin1', from, to).toLowerCase();
		return (at) => {
			const hit = at >= to ? -1 : folded.indexOf(needle, at - from);
			return hit < 0 ? -1 : hit + from;
		};
	};
}

/**
 * A global expression for text of many lines, when nothing in the pattern can match a newline or see past one:
 * then each match lies in one line, and the first match from a place is in the first line that matches.
 */
function createTextSearch(matcher: LogMatcher): RegExp | undefined {
	const { pattern, kind, ignoreCase, invert } = matcher;
	if (kind !== 'regex' || invert) return undefined;
	// Literals, classes without negation, groups without look-around; \\d \\w \\b and escaped punctuation.
	const harmless = /^(?:[^\\[\]^$\x00-\x1f(?]|[?]|\((?!\?)|\(\?:|\\[dwb]|\\[^\w\s]|\[[\w .:,;=_+*/-]+\])+$/;
	if (!harmless.test(pattern)) return undefined;
	const expression = new RegExp(pattern, ignoreCase ? 'giu' : 'gu');
	// One that matches nothing at all matches every line.
	return expression.test('') ? undefined : expression;
}

/** The start of the first line in a range of whole lines that is a partial; the range's end when none is. */
function findPartial(chunk: Buffer, from: number, to: number): number {
	for (let at = chunk.indexOf(upperP, from); at >= 0 && at < to; at = chunk.indexOf(upperP, at + 1)) {
		const next = chunk[at + 1];
		// " P " or " P:" behind stdout or stderr; the parser has the last word.
		if ((next !== 0x20 && next !== 0x3a) || chunk[at - 1] !== 0x20 || chunk[at - 7] !== 0x73) continue;
		const start = at === 0 ? 0 : chunk.lastIndexOf(10, at - 1) + 1;
		if (start < from || at - start > 48) continue;
		const end = chunk.indexOf(10, at);
		if (parsePhysicalLine(chunk, start, end, 'cri').partial) return start;
	}
	return to;
}
