import stringWidth from 'string-width';

/**
 * Text in which each UTF-16 unit is one character of one cell: ASCII, Latin, dashes and bullets, arrows, and the
 * lines and blocks that frames are drawn with. Nothing here combines, and an emoji selector falls out of it.
 */
const ONE_CELL_EACH = /^[\x20-\x7e\u00a1-\u00ac\u00ae-\u02ff\u2010-\u2027\u2190-\u21ff\u2500-\u25fc]*$/;

/** Splits text where a reader sees one character. Made when first needed: it costs 25 ms of a start. */
let sharedSegmenter: Intl.Segmenter | undefined;

/** The segmenter for all callers; it holds no state. */
export function graphemeSegmenter(): Intl.Segmenter {
	sharedSegmenter ??= new Intl.Segmenter(undefined, { granularity: 'grapheme' });
	return sharedSegmenter;
}

/** One character as a reader sees it, and the room it takes. */
export type GraphemeCell = { readonly text: string; readonly widthCells: number };

/**
 * The cells a text takes on the screen. East Asian wide characters and emoji count two, combining and control
 * characters nothing. The text must hold no escape sequences.
 */
export function stringWidthCells(text: string): number {
	return ONE_CELL_EACH.test(text) ? text.length : stringWidth(text, { countAnsiEscapeCodes: true });
}

/** The characters of a text in order, each with its width in cells; those of width zero are included. */
export function* graphemeCells(text: string): Generator<GraphemeCell> {
	if (ONE_CELL_EACH.test(text)) {
		for (const character of text) {
			yield { text: character, widthCells: 1 };
		}
		return;
	}
	for (const { segment } of graphemeSegmenter().segment(text)) {
		yield { text: segment, widthCells: stringWidthCells(segment) };
	}
}

/** How `truncateCells` shortens. */
export type TruncateOptions = {
	/** Which part gives way; `end` when not said. */
	readonly from?: 'end' | 'start' | 'middle' | undefined;
	/** What stands for the missing part; `…` when not said. */
	readonly ellipsis?: string | undefined;
};

/**
 * A text shortened to at most `width` cells, its loss marked by an ellipsis. A wide character is never cut in
 * half, so the answer may be one cell short: pad it where columns must line up.
 */
export function truncateCells(text: string, width: number, options: TruncateOptions = {}): string {
	if (width <= 0) {
		return '';
	}
	// A character takes at most two UTF-16 units a cell only in the plain case, so only the cheap test is made.
	const total = stringWidthCells(text);
	if (total <= width) {
		return text;
	}
	const ellipsis = options.ellipsis ?? '…';
	const room = width - stringWidthCells(ellipsis);
	if (room <= 0) {
		return sliceCells(ellipsis, 0, width);
	}
	const from = options.from ?? 'end';
	if (from === 'end') {
		return takeStart(text, room) + ellipsis;
	}
	if (from === 'start') {
		return ellipsis + takeEnd(text, room, total);
	}
	const left = Math.ceil(room / 2);
	return takeStart(text, left) + ellipsis + takeEnd(text, room - left, total);
}

function takeStart(text: string, width: number): string {
	if (ONE_CELL_EACH.test(text)) {
		return text.slice(0, width);
	}
	let taken = '';
	let used = 0;
	for (const cell of graphemeCells(text)) {
		used += cell.widthCells;
		if (used > width) {
			break;
		}
		taken += cell.text;
	}
	return taken;
}

function takeEnd(text: string, width: number, total: number): string {
	if (ONE_CELL_EACH.test(text)) {
		return width === 0 ? '' : text.slice(-width);
	}
	let taken = '';
	let column = 0;
	for (const cell of graphemeCells(text)) {
		if (column >= total - width) {
			taken += cell.text;
		}
		column += cell.widthCells;
	}
	return taken;
}

/**
 * A text filled with blanks to `width` cells; a longer one is returned as it is.
 *
 * @param align where the text stands in the room: `left` when not said.
 */
export function padCells(text: string, width: number, align: 'left' | 'right' | 'center' = 'left'): string {
	const missing = width - stringWidthCells(text);
	if (missing <= 0) {
		return text;
	}
	const before = align === 'left' ? 0 : align === 'right' ? missing : missing >> 1;
	return ' '.repeat(before) + text + ' '.repeat(missing - before);
}

/**
 * The part of a text that shows in the cells `start` (from 0) up to, not including, `end`. A wide character
 * that only half fits is shown as a blank, so that what follows keeps its column.
 */
export function sliceCells(text: string, start: number, end: number = Number.POSITIVE_INFINITY): string {
	if (ONE_CELL_EACH.test(text)) {
		return text.slice(Math.max(0, start), Math.max(0, end));
	}
	let taken = '';
	let column = 0;
	for (const cell of graphemeCells(text)) {
		const next = column + cell.widthCells;
		if (column >= end) {
			break;
		}
		if (cell.widthCells === 0) {
			// A mark without a base belongs to nothing that could be cut.
			taken += column >= start ? cell.text : '';
		} else if (column >= start && next <= end) {
			taken += cell.text;
		} else if (next > start) {
			taken += ' '.repeat(Math.min(next, end) - Math.max(column, start));
		}
		column = next;
	}
	return taken;
}
