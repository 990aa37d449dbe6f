/**
 * A colour as one number, so that two cells compare in no time: `-1` the terminal's default, `0`–`255` an
 * index of the palette, `0x1000000 + rgb` a true colour.
 */
export type CellColor = number;

/** How a cell looks. Blinking and concealed text do not exist here: both only ever serve to mislead. */
export type CellStyle = {
	readonly foreground: CellColor;
	readonly background: CellColor;
	readonly bold: boolean;
	readonly dim: boolean;
	readonly italic: boolean;
	/** 0 none, 1 single, 2 double, 3 curly, 4 dotted, 5 dashed. */
	readonly underline: number;
	readonly inverse: boolean;
	readonly strikethrough: boolean;
};

/** The colour that is the terminal's own. */
export const DEFAULT_COLOR: CellColor = -1;

/** Added to a 24-bit value to tell a true colour from an index of the palette. */
export const TRUE_COLOR_BASE = 0x1000000;

/** The style of a cell nobody has styled. */
export const DEFAULT_STYLE: CellStyle = {
	foreground: DEFAULT_COLOR,
	background: DEFAULT_COLOR,
	bold: false,
	dim: false,
	italic: false,
	underline: 0,
	inverse: false,
	strikethrough: false,
};

/** Whether two styles look the same; a shared object answers at once. */
export function sameStyle(a: CellStyle, b: CellStyle): boolean {
	return (
		a === b ||
		(a.foreground === b.foreground &&
			a.background === b.background &&
			a.bold === b.bold &&
			a.dim === b.dim &&
			a.italic === b.italic &&
			a.underline === b.underline &&
			a.inverse === b.inverse &&
			a.strikethrough === b.strikethrough)
	);
}

/** Whether a blank in this style shows nothing: its foreground, weight and slant are then of no interest. */
export function isBlankInvisible(style: CellStyle): boolean {
	return (
		style.background === DEFAULT_COLOR && !style.inverse && style.underline === 0 && !style.strikethrough
	);
}

type MutableStyle = { -readonly [K in keyof CellStyle]: CellStyle[K] };

/**
 * The style after one SGR sequence, for frames and for the colours of a log.
 *
 * @param parameters what stands between `ESC [` and `m`: `1;31`, `38;5;208`, `38;2;1;2;3`, `38:2::1:2:3`,
 *   `4:3`. Unknown or malformed codes change nothing.
 * Source: ECMA-48 8.3.117; ITU-T T.416 13.1.8 (colon forms); xterm ctlseqs, "Character Attributes".
 */
export function applySgr(style: CellStyle, parameters: string): CellStyle {
	const next: MutableStyle = { ...style };
	const fields = parameters.split(';');
	for (let index = 0; index < fields.length; index++) {
		const field = fields[index] ?? '';
		if (field.includes(':')) {
			applyColonField(next, field.split(':'));
			continue;
		}
		const code = field === '' ? 0 : Number(field);
		if (code === 38 || code === 48 || code === 58) {
			const mode = fields[index + 1];
			const used = mode === '5' ? 2 : mode === '2' ? 4 : 1;
			setColor(next, code, mode, fields.slice(index + 2, index + 1 + used));
			index += used;
		} else {
			applyCode(next, code);
		}
	}
	return next;
}

function applyColonField(style: MutableStyle, parts: readonly string[]): void {
	const code = Number(parts[0]);
	if (code === 4) {
		const kind = Number(parts[1]);
		if (Number.isInteger(kind) && kind >= 0 && kind <= 5) {
			style.underline = kind;
		}
	} else if (code === 38 || code === 48) {
		// T.416 puts a colour space between the mode and the channels; many programs leave it out.
		const channels = parts[1] === '2' && parts.length > 5 ? parts.slice(3, 6) : parts.slice(2);
		setColor(style, code, parts[1], channels);
	}
}

function setColor(
	style: MutableStyle,
	code: number,
	mode: string | undefined,
	values: readonly string[],
): void {
	const bytes = values.map((value) => (value === '' ? 0 : Number(value)));
	if (bytes.some((byte) => !Number.isInteger(byte) || byte < 0 || byte > 255)) {
		return;
	}
	const [first, second, third] = bytes;
	let color: CellColor;
	if (mode === '5' && first !== undefined) {
		color = first;
	} else if (mode === '2' && first !== undefined && second !== undefined && third !== undefined) {
		color = TRUE_COLOR_BASE + first * 65536 + second * 256 + third;
	} else {
		return;
	}
	if (code === 38) {
		style.foreground = color;
	} else if (code === 48) {
		style.background = color;
	}
}

function applyCode(style: MutableStyle, code: number): void {
	switch (code) {
		case 0:
			Object.assign(style, DEFAULT_STYLE);
			return;
		case 1:
			style.bold = true;
			return;
		case 2:
			style.dim = true;
			return;
		case 3:
			style.italic = true;
			return;
		case 4:
			style.underline = 1;
			return;
		case 7:
			style.inverse = true;
			return;
		case 9:
			style.strikethrough = true;
			return;
		case 21:
			style.underline = 2;
			return;
		case 22:
			style.bold = false;
			style.dim = false;
			return;
		case 23:
			style.italic = false;
			return;
		case 24:
			style.underline = 0;
			return;
		case 27:
			style.inverse = false;
			return;
		case 29:
			style.strikethrough = false;
			return;
		case 39:
			style.foreground = DEFAULT_COLOR;
			return;
		case 49:
			style.background = DEFAULT_COLOR;
			return;
	}
	if (code >= 30 && code <= 37) {
		style.foreground = code - 30;
	} else if (code >= 40 && code <= 47) {
		style.background = code - 40;
	} else if (code >= 90 && code <= 97) {
		style.foreground = code - 90 + 8;
	} else if (code >= 100 && code <= 107) {
		style.background = code - 100 + 8;
	}
}

/**
 * The shortest SGR sequence that turns one style into another; empty when they are the same.
 *
 * @param from `undefined` when the terminal's pen is unknown: the sequence then starts from a reset.
 */
export function sgrTransition(from: CellStyle | undefined, to: CellStyle): string {
	if (from !== undefined && sameStyle(from, to)) {
		return '';
	}
	const set = changes(DEFAULT_STYLE, to);
	const fromReset = set === '' ? '\x1b[m' : `\x1b[0;${set}m`;
	if (from === undefined) {
		return fromReset;
	}
	const step = `\x1b[${changes(from, to)}m`;
	return step.length < fromReset.length ? step : fromReset;
}

function changes(from: CellStyle, to: CellStyle): string {
	const codes: string[] = [];
	if ((from.bold && !to.bold) || (from.dim && !to.dim)) {
		// 22 ends both, so whichever stays must be said again.
		codes.push('22');
		if (to.bold) codes.push('1');
		if (to.dim) codes.push('2');
	} else {
		if (to.bold && !from.bold) codes.push('1');
		if (to.dim && !from.dim) codes.push('2');
	}
	if (from.italic !== to.italic) codes.push(to.italic ? '3' : '23');
	if (from.underline !== to.underline) codes.push(underlineCode(to.underline));
	if (from.inverse !== to.inverse) codes.push(to.inverse ? '7' : '27');
	if (from.strikethrough !== to.strikethrough) codes.push(to.strikethrough ? '9' : '29');
	if (from.foreground !== to.foreground) codes.push(colorCode(to.foreground, 30));
	if (from.background !== to.background) codes.push(colorCode(to.background, 40));
	return codes.join(';');
}

function underlineCode(underline: number): string {
	return underline === 0 ? '24' : underline === 1 ? '4' : `4:${underline}`;
}

function colorCode(color: CellColor, base: 30 | 40): string {
	if (color === DEFAULT_COLOR) return String(base + 9);
	if (color < 8) return String(base + color);
	if (color < 16) return String(base + 60 + color - 8);
	if (color < 256) return `${base + 8};5;${color}`;
	const rgb = color - TRUE_COLOR_BASE;
	return `${base + 8};2;${rgb >> 16};${(rgb >> 8) & 255};${rgb & 255}`;
}
