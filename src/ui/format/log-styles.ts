import { sgrParameters, skipSequence } from '../../text/escape-sequence.ts';
import { sanitizeLine } from '../../text/sanitize.ts';
import { graphemeCells, stringWidthCells } from '../../text/width.ts';
import { applySgr, type CellStyle, DEFAULT_STYLE, sameStyle } from '../terminal/text-style.ts';

/** A piece of a line in one style. Its text is harmless and shows as it stands. */
export type StyledSpan = { readonly text: string; readonly style: CellStyle };

const TAB_CELLS = 8;

/**
 * A line of a log as it would have looked on a terminal: its colours as styles, carriage returns and backspaces
 * carried out, tabs expanded to eight cells. Every other sequence vanishes, every other control character
 * becomes visible or nothing.
 *
 * @param text one line without its newline.
 * @returns neighbouring spans differ in style; no span is empty; an empty line has none.
 */
export function parseLogStyles(text: string): readonly StyledSpan[] {
	if (!/[\x00-\x1f\x7f-\x9f]/.test(text)) {
		return text === '' ? [] : [{ text: sanitizeLine(text), style: DEFAULT_STYLE }];
	}
	let spans: { text: string; style: CellStyle }[] = [];
	let style: CellStyle = DEFAULT_STYLE;
	let column = 0;
	/** A carriage return takes effect only when something follows: progress bars and CRLF end in one. */
	let isReturned = false;

	const append = (raw: string): void => {
		const shown = sanitizeLine(raw);
		if (shown === '') {
			return;
		}
		if (isReturned) {
			spans = [];
			column = 0;
			isReturned = false;
		}
		const last = spans.at(-1);
		if (last !== undefined && sameStyle(last.style, style)) {
			last.text += shown;
		} else {
			spans.push({ text: shown, style });
		}
		column += stringWidthCells(shown);
	};

	let index = 0;
	while (index < text.length) {
		const code = text.charCodeAt(index);
		if (code === 0x1b || code === 0x9b) {
			const next = skipSequence(text, index);
			const parameters = sgrParameters(text, index, next);
			if (parameters !== undefined) {
				style = applySgr(style, parameters);
			}
			index = next;
			continue;
		}
		if (code === 0x09) {
			append(' '.repeat(TAB_CELLS - ((isReturned ? 0 : column) % TAB_CELLS)));
		} else if (code === 0x0d) {
			isReturned = true;
		} else if (code === 0x08) {
			if (!isReturned) {
				column -= dropLast(spans);
			}
		} else if (code !== 0x07) {
			const end = plainEnd(text, index);
			append(text.slice(index, end));
			index = end;
			continue;
		}
		index++;
	}
	return spans;
}

/** The end of the run from `start` that needs no look at its controls: at least one character long. */
function plainEnd(text: string, start: number): number {
	let end = start + 1;
	while (end < text.length) {
		const code = text.charCodeAt(end);
		if (code < 0x20 || code === 0x9b) break;
		end++;
	}
	return end;
}

/** Takes the last character away, for a backspace; returns the cells it took. */
function dropLast(spans: { text: string; style: CellStyle }[]): number {
	const last = spans.at(-1);
	if (last === undefined) {
		return 0;
	}
	// Only the end is looked at: a line may be long and full of backspaces.
	const tail = last.text.slice(-40);
	const character = [...graphemeCells(tail)].at(-1);
	const length = character?.text.length ?? 1;
	last.text = last.text.slice(0, -length);
	if (last.text === '') {
		spans.pop();
	}
	return character?.widthCells ?? 1;
}

/** The text of spans without its styles: for copying, saving and searching. */
export function plainText(spans: readonly StyledSpan[]): string {
	return spans.map((span) => span.text).join('');
}
