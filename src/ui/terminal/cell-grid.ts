import { sgrParameters, skipSequence } from '../../text/escape-sequence.ts';
import type { TerminalCapabilities } from '../../text/terminal-capabilities.ts';
import { graphemeSegmenter, stringWidthCells } from '../../text/width.ts';
import { asciiFallback } from './ascii-fallback.ts';
import { fitStyle } from './color-depth.ts';
import { applySgr, type CellStyle, DEFAULT_STYLE, isBlankInvisible, sameStyle } from './text-style.ts';

/**
 * One line of the screen, a cell an index. A character of several cells stands in its first; the cells behind
 * it hold `''`. A blank that shows nothing always has the default style.
 */
export type GridLine = {
	readonly texts: readonly string[];
	readonly styles: readonly CellStyle[];
	/** The first cell from which on there is nothing but invisible blanks. */
	readonly end: number;
	/** Whether it holds a character that terminals disagree about the width of. */
	readonly risky: boolean;
	/** The style in force behind the line, with which the next one starts. */
	readonly styleAfter: CellStyle;
};

/** Turns lines of a frame into cells. */
export type LineParser = {
	/**
	 * @param columns cells behind the last column are cut off; shorter lines are filled with blanks.
	 * @param style the style in force before the line.
	 */
	parse(line: string, columns: number, style: CellStyle): GridLine;
};

/** Sequence transitions remembered per parser; beyond it the memory starts afresh (a log may use any colour). */
const CACHED_TRANSITIONS = 4096;

/** Longest character kept whole; what is longer is a pile of marks, and only its base is kept. */
const MAX_GRAPHEME_LENGTH = 32;

const ASCII: readonly string[] = Array.from({ length: 128 }, (_, code) => String.fromCharCode(code));

/**
 * Builds the last line of defence: whatever a frame holds, only text and styles come out. SGR is understood;
 * every other control character or sequence becomes nothing, as Ink too gave it no room.
 *
 * The parser remembers styles, so that equal styles are mostly the same object.
 */
export function createLineParser(
	capabilities: Pick<TerminalCapabilities, 'colors' | 'styledUnderline' | 'unicode'>,
): LineParser {
	let transitions = new Map<CellStyle, Map<string, CellStyle>>();
	let fitted = new Map<CellStyle, CellStyle>();
	let known = new Map<string, CellStyle>();
	let count = 0;

	/** Styles before the fitting; equal ones are one object, so the maps stay small. */
	const change = (style: CellStyle, parameters: string): CellStyle => {
		if (parameters === '' || parameters === '0') {
			return DEFAULT_STYLE;
		}
		const from = transitions.get(style);
		const cached = from?.get(parameters);
		if (cached !== undefined) {
			return cached;
		}
		if (++count > CACHED_TRANSITIONS) {
			count = 0;
			transitions = new Map();
			fitted = new Map();
			known = new Map();
		}
		const applied = applySgr(style, parameters);
		const key = Object.values(applied).join();
		const next = sameStyle(applied, DEFAULT_STYLE) ? DEFAULT_STYLE : (known.get(key) ?? applied);
		known.set(key, next);
		const row = transitions.get(style) ?? new Map<string, CellStyle>();
		row.set(parameters, next);
		transitions.set(style, row);
		return next;
	};

	const reduce = (style: CellStyle): CellStyle => {
		if (style === DEFAULT_STYLE) {
			return DEFAULT_STYLE;
		}
		let result = fitted.get(style);
		if (result === undefined) {
			const candidate = fitStyle(style, capabilities);
			result = sameStyle(candidate, DEFAULT_STYLE) ? DEFAULT_STYLE : candidate;
			fitted.set(style, result);
		}
		return result;
	};

	return {
		parse(line, columns, initialStyle) {
			const texts: string[] = [];
			const styles: CellStyle[] = [];
			let style = initialStyle;
			let shown = reduce(style);
			let blank = isBlankInvisible(shown) ? DEFAULT_STYLE : shown;
			let end = 0;
			let risky = false;

			const put = (text: string, widthCells: number): void => {
				if (!capabilities.unicode) {
					for (const character of asciiFallback(text, widthCells)) {
						putAscii(character);
					}
					return;
				}
				if (texts.length + widthCells > columns) {
					// Half a character cannot be shown; its cells stay, with nothing in them.
					while (texts.length < columns) {
						putAscii(' ');
					}
					return;
				}
				const kept = text.length > MAX_GRAPHEME_LENGTH ? ([...text][0] ?? '') : text;
				texts.push(kept);
				styles.push(shown);
				for (let cell = 1; cell < widthCells; cell++) {
					texts.push('');
					styles.push(shown);
				}
				risky ||= isRisky(kept, widthCells);
				end = texts.length;
			};

			const putAscii = (character: string): void => {
				if (texts.length >= columns) {
					return;
				}
				texts.push(character);
				if (character === ' ') {
					styles.push(blank);
					if (blank !== DEFAULT_STYLE) end = texts.length;
				} else {
					styles.push(shown);
					end = texts.length;
				}
			};

			let index = 0;
			const length = line.length;
			while (index < length) {
				const code = line.charCodeAt(index);
				if (code >= 0x20 && code < 0x7f) {
					// An ASCII character that wears a mark belongs to the slow path; it is rare.
					if (index + 1 < length && mayJoin(line.charCodeAt(index + 1))) {
						index = putGraphemes(line, index, put);
						continue;
					}
					putAscii(ASCII[code] ?? ' ');
					index++;
				} else if (code === 0x1b || code === 0x9b) {
					const next = skipSequence(line, index);
					const parameters = sgrParameters(line, index, next);
					if (parameters !== undefined) {
						style = change(style, parameters);
						shown = reduce(style);
						blank = isBlankInvisible(shown) ? DEFAULT_STYLE : shown;
					}
					index = next;
				} else if (code < 0xa0) {
					index++;
				} else if (isPlainNarrow(code) && !(index + 1 < length && mayJoin(line.charCodeAt(index + 1)))) {
					put(line.charAt(index), 1);
					index++;
				} else {
					index = putGraphemes(line, index, put);
				}
			}
			while (texts.length < columns) {
				texts.push(' ');
				styles.push(DEFAULT_STYLE);
			}
			return { texts, styles, end, risky, styleAfter: style };
		},
	};
}

/** Puts the characters from `start` up to the next control or plain ASCII pair; returns where it stopped. */
function putGraphemes(line: string, start: number, put: (text: string, width: number) => void): number {
	let stop = start + 1;
	while (stop < line.length) {
		const code = line.charCodeAt(stop);
		if (code < 0x20 || (code >= 0x7f && code < 0xa0)) break;
		// Two ASCII characters in a row: no character reaches across the line between them.
		if (code < 0x7f && line.charCodeAt(stop - 1) < 0x7f) break;
		stop++;
	}
	// The last ASCII character may wear what follows it, unless a control or the end does.
	if (stop < line.length && stop - start > 1 && line.charCodeAt(stop - 1) < 0x7f) {
		const code = line.charCodeAt(stop);
		if (code >= 0x20 && code < 0x7f) stop--;
	}
	for (const { segment } of graphemeSegmenter().segment(line.slice(start, stop))) {
		const widthCells = stringWidthCells(segment);
		if (widthCells > 0) {
			put(segment, widthCells);
		}
	}
	return stop;
}

/** Whether a code unit could belong to the character before it, or starts one that needs a closer look. */
function mayJoin(code: number): boolean {
	return code >= 0x300 && !isPlainNarrow(code);
}

/** Code units that are one cell wide everywhere, alone, and never join: the bulk of what is not ASCII. */
function isPlainNarrow(code: number): boolean {
	return (
		(code >= 0x2500 && code <= 0x25fc) ||
		(code > 0xa0 && code < 0x300 && code !== 0xad && code !== 0xa9 && code !== 0xae) ||
		(code >= 0x2010 && code <= 0x2027) ||
		(code >= 0x2800 && code <= 0x28ff)
	);
}

/** Whether terminals are known to differ about the room a character takes. */
function isRisky(text: string, widthCells: number): boolean {
	const code = text.charCodeAt(0);
	if (text.length > 1) {
		// Western letters with marks are settled; joined emoji, flags and the astral planes are not.
		return !(widthCells === 1 && code < 0x250 && /^.[\u0300-\u036f]+$/.test(text));
	}
	if (widthCells === 1) {
		return code >= 0x300 && !isPlainNarrow(code) && !(code >= 0x370 && code < 0x530);
	}
	const settled =
		(code >= 0x3041 && code <= 0x30ff) ||
		(code >= 0x4e00 && code <= 0x9fff) ||
		(code >= 0xac00 && code <= 0xd7a3) ||
		(code >= 0xff01 && code <= 0xff60) ||
		(code >= 0x3001 && code <= 0x3029);
	return !(widthCells === 2 && settled);
}
