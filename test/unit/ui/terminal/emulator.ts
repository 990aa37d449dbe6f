import { Terminal } from '@xterm/headless';
import type { GridLine } from '../../../../src/ui/terminal/cell-grid.ts';
import {
	type CellStyle,
	DEFAULT_STYLE,
	isBlankInvisible,
	TRUE_COLOR_BASE,
} from '../../../../src/ui/terminal/text-style.ts';

/** A real emulator behind the painter, read back cell by cell. */
export type Emulator = {
	feed(bytes: string): Promise<void>;
	resize(columns: number, rows: number): void;
	/** Text and style of each cell, rows in order; styles as short strings to compare. */
	cells(): readonly (readonly string[])[];
	/** Whether anything scrolled off the screen. */
	scrolled(): boolean;
	cursor(): { column: number; row: number };
};

/** Starts an emulator of the given size on its alternate screen. */
export function createEmulator(columns: number, rows: number): Emulator {
	const terminal = new Terminal({ cols: columns, rows, allowProposedApi: true, scrollback: 100 });
	return {
		feed: (bytes) => new Promise((resolve) => terminal.write(bytes, resolve)),
		resize: (newColumns, newRows) => terminal.resize(newColumns, newRows),
		scrolled: () => terminal.buffer.active.baseY > 0,
		cursor: () => ({ column: terminal.buffer.active.cursorX, row: terminal.buffer.active.cursorY }),
		cells: () => {
			const result: string[][] = [];
			for (let y = 0; y < terminal.rows; y++) {
				const line = terminal.buffer.active.getLine(terminal.buffer.active.baseY + y);
				const row: string[] = [];
				for (let x = 0; x < terminal.cols; x++) {
					const cell = line?.getCell(x);
					if (cell === undefined) {
						row.push('?');
						continue;
					}
					const color = (isDefault: boolean, isRgb: boolean, value: number): number =>
						isDefault ? -1 : isRgb ? TRUE_COLOR_BASE + value : value;
					const style: CellStyle = {
						foreground: color(cell.isFgDefault(), cell.isFgRGB(), cell.getFgColor()),
						background: color(cell.isBgDefault(), cell.isBgRGB(), cell.getBgColor()),
						bold: cell.isBold() !== 0,
						dim: cell.isDim() !== 0,
						italic: cell.isItalic() !== 0,
						underline: cell.isUnderline() !== 0 ? 1 : 0,
						inverse: cell.isInverse() !== 0,
						strikethrough: cell.isStrikethrough() !== 0,
					};
					const text = cell.getWidth() === 0 ? '' : cell.getChars() || ' ';
					row.push(describe(text, style));
				}
				result.push(row);
			}
			return result;
		},
	};
}

/** A grid line in the same words as the emulator's cells. */
export function describeLine(line: GridLine): readonly string[] {
	return line.texts.map((text, index) => describe(text, line.styles[index] ?? DEFAULT_STYLE));
}

function describe(text: string, style: CellStyle): string {
	if (text === '') return '';
	const shown = text === ' ' && isBlankInvisible(style) ? DEFAULT_STYLE : style;
	return `${text}|${Object.values({ ...shown, underline: Math.min(1, shown.underline) }).join()}`;
}
