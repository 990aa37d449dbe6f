import type { IUnicodeHandling } from '@xterm/headless';
import { stringWidthCells } from '../../text/width.ts';

/** What the emulator keeps of the character before: it decides what the next one joins. */
const plain = 0;
const afterJoiner = 1;
const afterRegionalIndicator = 2;

/**
 * Makes the emulator measure characters exactly as the painter does, so that a cell of the one is a cell of the
 * other. The emulator's own table is that of Unicode 6, where emoji are narrow.
 */
export function setOurWidths(unicode: IUnicodeHandling): void {
	unicode.register({ version: 'criscope', wcwidth, charProperties });
	unicode.activeVersion = 'criscope';
}

function wcwidth(codePoint: number): 0 | 1 | 2 {
	// The common case first: this runs for every character a program prints.
	if (codePoint >= 0x20 && codePoint < 0x7f) return 1;
	return Math.min(2, stringWidthCells(String.fromCodePoint(codePoint))) as 0 | 1 | 2;
}

/**
 * Width of a character in its place, packed as the emulator wants it: bit 0 joins the one before, bits 1–2 the
 * width, the rest ours.
 * Source: @xterm/headless 6, UnicodeService.createPropertyValue.
 */
function charProperties(codePoint: number, preceding: number): number {
	const state = preceding >> 3;
	const widthBefore = (preceding >> 1) & 3;
	const isRegionalIndicator = codePoint >= 0x1f1e6 && codePoint <= 0x1f1ff;
	if (preceding !== 0) {
		if (codePoint === 0x200d) return packed(afterJoiner, widthBefore, true);
		const widens = codePoint === 0xfe0f || (codePoint >= 0x1f3fb && codePoint <= 0x1f3ff);
		if (widens) return packed(plain, 2, true);
		if (state === afterJoiner) return packed(plain, widthBefore, true);
		if (isRegionalIndicator && state === afterRegionalIndicator) return packed(plain, 2, true);
	}
	if (isRegionalIndicator) return packed(afterRegionalIndicator, 1, false);
	const width = wcwidth(codePoint);
	return width === 0 && preceding !== 0 ? packed(plain, widthBefore, true) : packed(plain, width, false);
}

function packed(state: number, widthCells: number, joins: boolean): number {
	return (state << 3) | (widthCells << 1) | (joins ? 1 : 0);
}
