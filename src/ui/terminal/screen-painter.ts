import type { TerminalCapabilities } from '../../text/terminal-capabilities.ts';
import { createLineParser, type GridLine } from './cell-grid.ts';
import type { ScreenSize } from './frame-stream.ts';
import { createPen, moveTo, type Pen } from './pen.ts';
import { paintRow } from './row-diff.ts';
import { type CellStyle, DEFAULT_STYLE } from './text-style.ts';

/** A cell of the screen, counted from 0. */
export type CursorPosition = { readonly column: number; readonly row: number };

/** What a painter needs. */
export type ScreenPainterOptions = ScreenSize & {
	/** Sends bytes to the terminal; false when they had to wait, which holds further frames back. */
	readonly write: (bytes: string) => boolean;
	readonly capabilities: Pick<
		TerminalCapabilities,
		'colors' | 'styledUnderline' | 'unicode' | 'synchronized'
	>;
};

/** Keeps the terminal showing the newest frame. Not re-entrant: `write` must not call back into it. */
export type ScreenPainter = {
	/**
	 * Shows a frame: lines with SGR between newlines. Only the difference to what is on the screen is written;
	 * an equal frame writes nothing at all. While the terminal has not drained, only the newest is kept.
	 *
	 * @param cursor where the cursor is shown; hidden when absent.
	 * @returns how many characters were handed to `write`.
	 */
	paint(frame: string, cursor?: CursorPosition): number;
	/** Forgets what is on the screen: the next paint is whole. */
	invalidate(): void;
	/** Shows the newest frame again, whole; for after a suspend, or when a foreign program wrote on the screen. */
	repaint(): number;
	/** Takes the new size; the next paint is whole, for terminals move their content about. */
	resize(size: ScreenSize): void;
	/** Says that the terminal takes bytes again, and paints the frame held back, if any. */
	drained(): number;
};

type Row = { readonly source: string; readonly styleBefore: CellStyle; readonly line: GridLine };

/** Bytes from which on a paint is bracketed, so that nobody sees it half done. */
const SYNCHRONIZE_FROM = 64;

/** Builds a painter for a screen of which nothing is known yet. Its memory is one grid. */
export function createScreenPainter(options: ScreenPainterOptions): ScreenPainter {
	const { capabilities, write } = options;
	const parser = createLineParser(capabilities);
	let { columns, rows } = options;
	/** What stands on each row; a hole where that is not known. */
	let screen: (Row | undefined)[] = [];
	let pen: Pen = createPen();
	let cursorShown: boolean | undefined;
	let newest: { readonly frame: string; readonly cursor: CursorPosition | undefined } | undefined;
	let blocked = false;
	let held = false;

	/** The frame that is on the screen whole, so that the same one again costs no look at its lines. */
	let painted: string | undefined;

	const paintRows = (frame: string): void => {
		if (frame === painted) {
			return;
		}
		painted = frame;
		const lines = frame.split('\n');
		let style: CellStyle = DEFAULT_STYLE;
		for (let row = 0; row < rows; row++) {
			const source = lines[row] ?? '';
			const shown = screen[row];
			if (shown !== undefined && shown.source === source && shown.styleBefore === style) {
				style = shown.line.styleAfter;
				continue;
			}
			const line = parser.parse(source, columns, style);
			paintRow(pen, row, columns, shown?.line, line);
			screen[row] = { source, styleBefore: style, line };
			style = line.styleAfter;
		}
	};

	const placeCursor = (cursor: CursorPosition | undefined): void => {
		const inside =
			cursor !== undefined &&
			cursor.column >= 0 &&
			cursor.row >= 0 &&
			cursor.column < columns &&
			cursor.row < rows;
		if (inside) {
			moveTo(pen, cursor.row, cursor.column);
		}
		if (cursorShown !== inside) {
			pen.out += inside ? '\x1b[?25h' : '\x1b[?25l';
			cursorShown = inside;
		}
	};

	const show = (): number => {
		if (newest === undefined) {
			return 0;
		}
		if (blocked) {
			held = true;
			return 0;
		}
		held = false;
		pen.out = '';
		paintRows(newest.frame);
		const body = pen.out.length;
		const hides = body > SYNCHRONIZE_FROM && !capabilities.synchronized && cursorShown === true;
		if (hides) {
			// Without brackets the cursor would be seen racing over the screen.
			cursorShown = false;
		}
		placeCursor(newest.cursor);
		let bytes = hides ? `\x1b[?25l${pen.out}` : pen.out;
		pen.out = '';
		if (bytes === '') {
			return 0;
		}
		if (body > SYNCHRONIZE_FROM && capabilities.synchronized) {
			bytes = `\x1b[?2026h${bytes}\x1b[?2026l`;
		}
		blocked = !write(bytes);
		return bytes.length;
	};

	const forget = (): void => {
		painted = undefined;
		screen = [];
		pen = createPen();
		cursorShown = undefined;
	};

	return {
		paint(frame, cursor) {
			newest = { frame, cursor };
			return show();
		},
		invalidate: forget,
		repaint() {
			// What was queued before a suspend went nowhere, and its end will not be reported.
			blocked = false;
			forget();
			return show();
		},
		resize(size) {
			if (size.columns !== columns || size.rows !== rows) {
				columns = size.columns;
				rows = size.rows;
				forget();
			}
		},
		drained() {
			blocked = false;
			return held ? show() : 0;
		},
	};
}
