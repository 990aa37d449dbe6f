import headless from '@xterm/headless';
import stringWidth from 'string-width';

/** A terminal emulator without a window: bytes in, cells out. */
export type Emulator = headless.Terminal;

/**
 * Creates an emulator that measures characters as modern terminals do: whole grapheme clusters, by the widths of
 * string-width. xterm's own table is that of Unicode 6, in which emoji are narrow.
 */
export function createEmulator(columns: number, rows: number): Emulator {
	const emulator = new headless.Terminal({ cols: columns, rows, scrollback: 0, allowProposedApi: true });
	emulator.unicode.register({ version: 'graphemes', wcwidth, charProperties });
	emulator.unicode.activeVersion = 'graphemes';
	return emulator;
}

function wcwidth(codePoint: number): 0 | 1 | 2 {
	// The common case first: this runs for every character of every frame.
	if (codePoint >= 0x20 && codePoint < 0x7f) return 1;
	return Math.min(2, stringWidth(String.fromCodePoint(codePoint))) as 0 | 1 | 2;
}

const joinsNext = 1;
const isLoneRegionalIndicator = 2;

/**
 * What xterm keeps between characters is one number: state << 3 | width << 1 | joinsPrevious.
 *
 * Source: @xterm/xterm 6 src/common/services/UnicodeService.ts
 */
function charProperties(codePoint: number, preceding: number): number {
	const state = preceding >> 3;
	const precedingWidth = (preceding >> 1) & 3;
	const pack = (nextState: number, width: number, joins: boolean) =>
		(nextState << 3) | (width << 1) | (joins ? 1 : 0);
	const isRegionalIndicator = codePoint >= 0x1f1e6 && codePoint <= 0x1f1ff;
	const width = isRegionalIndicator ? 1 : wcwidth(codePoint);
	if (preceding === 0) return pack(isRegionalIndicator ? isLoneRegionalIndicator : 0, width, false);
	// Zero width joiner; variation selector 16 (emoji form); skin tones.
	if (codePoint === 0x200d) return pack(joinsNext, precedingWidth, true);
	if (codePoint === 0xfe0f || (codePoint >= 0x1f3fb && codePoint <= 0x1f3ff)) return pack(0, 2, true);
	if (state === joinsNext) return pack(0, precedingWidth, true);
	if (isRegionalIndicator) {
		return state === isLoneRegionalIndicator ? pack(0, 2, true) : pack(isLoneRegionalIndicator, 1, false);
	}
	return width === 0 ? pack(0, precedingWidth, true) : pack(0, width, false);
}

/** The rows of the screen as text, without blanks at their ends. */
export function screenRows(emulator: Emulator): readonly string[] {
	const buffer = emulator.buffer.active;
	return Array.from({ length: emulator.rows }, (_, row) =>
		(buffer.getLine(buffer.baseY + row)?.translateToString(true, 0, emulator.cols) ?? '').trimEnd(),
	);
}

/**
 * Where the screen is not plain: one line a span, `row firstColumn-lastColumn token…`, both counted from 0. Tokens are
 * attributes (`bold`, `dim`, `italic`, `underline`, `inverse`, `strikethrough`, `invisible`, `blink`) and colours: `fg=1` from the palette,
 * `bg=#102030` direct.
 */
export function styleSpans(emulator: Emulator): readonly string[] {
	const buffer = emulator.buffer.active;
	const spans: string[] = [];
	for (let row = 0; row < emulator.rows; row++) {
		const line = buffer.getLine(buffer.baseY + row);
		let start = 0;
		let last = 0;
		let current = '';
		for (let column = 0; column <= emulator.cols; column++) {
			const cell = column < emulator.cols ? line?.getCell(column) : undefined;
			// Blanks between words of one style belong to it, those at its end to nothing: no eye can tell.
			if (cell !== undefined && isBare(cell)) continue;
			const style = cell === undefined ? '' : cellStyle(cell);
			if (style !== current || cell === undefined) {
				if (current !== '') spans.push(`${row} ${start}-${last} ${current}`);
				start = column;
				current = style;
			}
			last = column;
		}
	}
	return spans;
}

type Cell = NonNullable<
	ReturnType<NonNullable<ReturnType<Emulator['buffer']['active']['getLine']>>['getCell']>
>;

/** A blank on which no attribute shows. Which pen it was written with depends on where the cursor came from. */
function isBare(cell: Cell): boolean {
	const shows = cell.isInverse() || cell.isUnderline() || cell.isStrikethrough() || !cell.isBgDefault();
	return cell.getChars().trim() === '' && cell.getWidth() > 0 && !shows;
}

function cellStyle(cell: Cell): string {
	if (cell.isAttributeDefault()) return '';
	const tokens = [
		cell.isBold() && 'bold',
		cell.isDim() && 'dim',
		cell.isItalic() && 'italic',
		cell.isUnderline() && 'underline',
		cell.isBlink() && 'blink',
		cell.isInverse() && 'inverse',
		cell.isInvisible() && 'invisible',
		cell.isStrikethrough() && 'strikethrough',
		colorToken('fg', cell.getFgColor(), cell.isFgRGB(), cell.isFgDefault()),
		colorToken('bg', cell.getBgColor(), cell.isBgRGB(), cell.isBgDefault()),
	];
	return tokens.filter((token) => typeof token === 'string').join(' ');
}

function colorToken(ground: string, color: number, isRgb: boolean, isDefault: boolean): string | undefined {
	if (isDefault) return undefined;
	return `${ground}=${isRgb ? `#${color.toString(16).padStart(6, '0')}` : color}`;
}
