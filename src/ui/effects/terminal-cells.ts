import type { IBuffer, IBufferCell, IBufferLine } from '@xterm/headless';
import { sanitizeLine } from '../../text/sanitize.ts';
import { stringWidthCells } from '../../text/width.ts';
import { lineWidthCells } from '../format/line.ts';
import {
	type CellColor,
	type CellStyle,
	DEFAULT_COLOR,
	DEFAULT_STYLE,
	sgrTransition,
	TRUE_COLOR_BASE,
} from '../terminal/text-style.ts';
import type { Line, Span } from '../theme/tokens.ts';

/**
 * Rows of an emulator's buffer as lines of the screen, each exactly `columns` wide. Nothing but printable text and
 * colours comes out, whatever the program inside has printed.
 *
 * @param first the row of the buffer that is shown on top.
 */
export function bufferLines(
	buffer: IBuffer,
	first: number,
	size: { readonly columns: number; readonly rows: number },
): readonly Line[] {
	const reused = buffer.getNullCell();
	return Array.from({ length: size.rows }, (_, row) => {
		const line = buffer.getLine(first + row);
		return line ? rowLine(line, size.columns, reused) : [];
	});
}

function rowLine(row: IBufferLine, columns: number, reused: IBufferCell): Line {
	const line = spansOf(row, columns, reused, cellText);
	// Neighbours may join into one character when they meet in a text; then only what cannot join is shown.
	return lineWidthCells(line) === columns ? line : spansOf(row, columns, reused, unjoinableText);
}

function spansOf(
	row: IBufferLine,
	columns: number,
	reused: IBufferCell,
	textOf: (characters: string, widthCells: number) => string,
): Line {
	const spans: Span[] = [];
	let text = '';
	let sgr = '';
	let widthCells = 1;
	for (let column = 0; column < columns; column += widthCells) {
		const cell = row.getCell(column, reused);
		// A mark that had nothing to stand on claims no room and yet fills a cell.
		widthCells = Math.max(1, cell?.getWidth() ?? 1);
		const nextSgr = cell && !cell.isAttributeDefault() ? cellSgr(cell) : '';
		if (nextSgr !== sgr && text !== '') {
			spans.push(sgr === '' ? { text } : { text, sgr });
			text = '';
		}
		sgr = nextSgr;
		const characters = cell && !cell.isInvisible() ? cell.getChars() : '';
		// A wide character whose second half the edge cut off.
		text += column + widthCells > columns ? ' ' : textOf(characters, widthCells);
	}
	if (text !== '') spans.push(sgr === '' ? { text } : { text, sgr });
	return spans;
}

function cellText(characters: string, widthCells: number): string {
	if (characters.length === 1 && characters >= ' ' && characters <= '~') return characters;
	const clean = sanitizeLine(characters);
	return stringWidthCells(clean) === widthCells ? clean : unjoinableText('', widthCells);
}

function unjoinableText(characters: string, widthCells: number): string {
	return characters >= ' ' && characters <= '~' && characters.length === 1
		? characters
		: ' '.repeat(widthCells);
}

function cellSgr(cell: IBufferCell): string {
	const style: CellStyle = {
		foreground: cellColor(cell.isFgDefault(), cell.isFgRGB(), cell.getFgColor()),
		background: cellColor(cell.isBgDefault(), cell.isBgRGB(), cell.getBgColor()),
		bold: cell.isBold() !== 0,
		dim: cell.isDim() !== 0,
		italic: cell.isItalic() !== 0,
		underline: cell.isUnderline() === 0 ? 0 : 1,
		inverse: cell.isInverse() !== 0,
		strikethrough: cell.isStrikethrough() !== 0,
	};
	// Between `ESC [` and `m`.
	return sgrTransition(DEFAULT_STYLE, style).slice(2, -1);
}

function cellColor(isDefault: boolean, isRgb: boolean, color: number): CellColor {
	if (isDefault) return DEFAULT_COLOR;
	return isRgb ? TRUE_COLOR_BASE + color : color;
}
