import type { TerminalCapabilities } from '../../text/terminal-capabilities.ts';
import { type CellColor, type CellStyle, DEFAULT_COLOR, TRUE_COLOR_BASE } from './text-style.ts';

/** The sixteen colours as xterm shows them; a terminal's own palette differs, but seldom in hue. */
const PALETTE_16: readonly number[] = [
	0x000000, 0xcd0000, 0x00cd00, 0xcdcd00, 0x0000ee, 0xcd00cd, 0x00cdcd, 0xe5e5e5, 0x7f7f7f, 0xff0000,
	0x00ff00, 0xffff00, 0x5c5cff, 0xff00ff, 0x00ffff, 0xffffff,
];

/** The steps of the 6×6×6 colour cube. Source: xterm 256colres.pl. */
const CUBE_STEPS: readonly number[] = [0, 95, 135, 175, 215, 255];

/**
 * A style as the terminal can show it: colours brought down to its depth, fancy underlines to plain ones.
 * Without colours a background that marked something stays visible as inverse.
 */
export function fitStyle(
	style: CellStyle,
	capabilities: Pick<TerminalCapabilities, 'colors' | 'styledUnderline'>,
): CellStyle {
	const { colors } = capabilities;
	const underline = style.underline > 1 && !capabilities.styledUnderline ? 1 : style.underline;
	if (colors === 'none') {
		const marked = style.background !== DEFAULT_COLOR;
		return {
			...style,
			underline,
			foreground: DEFAULT_COLOR,
			background: DEFAULT_COLOR,
			inverse: style.inverse || marked,
		};
	}
	if (colors === 'truecolor') {
		return underline === style.underline ? style : { ...style, underline };
	}
	const reduce = colors === '256' ? reduceTo256 : reduceTo16;
	return { ...style, underline, foreground: reduce(style.foreground), background: reduce(style.background) };
}

function reduceTo256(color: CellColor): CellColor {
	if (color < TRUE_COLOR_BASE) {
		return color;
	}
	const rgb = color - TRUE_COLOR_BASE;
	const cube = [rgb >> 16, (rgb >> 8) & 255, rgb & 255].map(nearestStep);
	const [red = 0, green = 0, blue = 0] = cube;
	const cubeIndex = 16 + red * 36 + green * 6 + blue;
	const average = ((rgb >> 16) + ((rgb >> 8) & 255) + (rgb & 255)) / 3;
	const grayIndex = 232 + Math.min(23, Math.max(0, Math.round((average - 8) / 10)));
	return distance(rgb, rgbOf(cubeIndex)) <= distance(rgb, rgbOf(grayIndex)) ? cubeIndex : grayIndex;
}

function reduceTo16(color: CellColor): CellColor {
	if (color < 16) {
		return color;
	}
	const rgb = rgbOf(color);
	let best = 0;
	for (let index = 1; index < 16; index++) {
		if (distance(rgb, PALETTE_16[index] ?? 0) < distance(rgb, PALETTE_16[best] ?? 0)) {
			best = index;
		}
	}
	return best;
}

function rgbOf(color: CellColor): number {
	if (color >= TRUE_COLOR_BASE) return color - TRUE_COLOR_BASE;
	if (color < 16) return PALETTE_16[color] ?? 0;
	if (color >= 232) return (8 + (color - 232) * 10) * 0x010101;
	const index = color - 16;
	const red = CUBE_STEPS[Math.floor(index / 36)] ?? 0;
	const green = CUBE_STEPS[Math.floor(index / 6) % 6] ?? 0;
	return red * 65536 + green * 256 + (CUBE_STEPS[index % 6] ?? 0);
}

function nearestStep(channel: number): number {
	// The steps are 40 apart but for the first, which is 95 wide.
	return channel < 48 ? 0 : channel < 115 ? 1 : Math.floor((channel - 35) / 40);
}

function distance(a: number, b: number): number {
	const red = (a >> 16) - (b >> 16);
	const green = ((a >> 8) & 255) - ((b >> 8) & 255);
	const blue = (a & 255) - (b & 255);
	// The eye sees green best and blue least.
	return red * red * 3 + green * green * 4 + blue * blue * 2;
}
