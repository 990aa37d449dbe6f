import { describe, expect, it } from 'vitest';
import { asciiFallback } from '../../../../src/ui/terminal/ascii-fallback.ts';
import { fitStyle } from '../../../../src/ui/terminal/color-depth.ts';
import { applySgr, DEFAULT_STYLE, sgrTransition } from '../../../../src/ui/terminal/text-style.ts';

const plain = { styledUnderline: false } as const;

describe('fitStyle', () => {
	it.each([
		['38;2;255;0;0', '256', 196],
		['38;2;128;128;128', '256', 244],
		['38;2;95;135;175', '256', 67],
		['38;2;255;0;0', '16', 9],
		['38;5;21', '16', 4],
		['38;5;3', '16', 3],
	] as const)('%s in %s colours is %i', (sgr, colors, wanted) => {
		expect(fitStyle(applySgr(DEFAULT_STYLE, sgr), { colors, ...plain }).foreground).toBe(wanted);
	});

	it('keeps a marked background visible without colours', () => {
		const style = fitStyle(applySgr(DEFAULT_STYLE, '1;31;44'), { colors: 'none', ...plain });
		expect(style).toEqual({ ...DEFAULT_STYLE, bold: true, inverse: true });
	});
});

describe('applySgr and sgrTransition', () => {
	it.each([
		['4:3', { underline: 3 }],
		['38:2::1:2:3', { foreground: 0x1010203 }],
		['38:2:1:2:3', { foreground: 0x1010203 }],
		['38;5;208;1', { foreground: 208, bold: true }],
		['58;5;9;3', { italic: true }],
		['38;5;999', {}],
		['5;8;6;99;', {}],
	])('reads %s', (sgr, wanted) => {
		expect(applySgr(DEFAULT_STYLE, sgr)).toEqual({ ...DEFAULT_STYLE, ...wanted });
	});

	it('ends bold without ending dim', () => {
		expect(sgrTransition(applySgr(DEFAULT_STYLE, '1;2;31'), applySgr(DEFAULT_STYLE, '2;31'))).toBe(
			'\x1b[22;2m',
		);
		expect(sgrTransition(applySgr(DEFAULT_STYLE, '1;2;31'), DEFAULT_STYLE)).toBe('\x1b[m');
		expect(sgrTransition(DEFAULT_STYLE, DEFAULT_STYLE)).toBe('');
	});
});

describe('asciiFallback', () => {
	it('takes exactly the room of what it stands for', () => {
		expect(['─', '│', '┼', '█', '▁', '…', '•', 'é', 'я', '⣿'].map((text) => asciiFallback(text, 1))).toEqual([
			'-',
			'|',
			'+',
			'#',
			'_',
			'~',
			'*',
			'e',
			'?',
			':',
		]);
		expect([asciiFallback('日', 2), asciiFallback('Ａ', 2), asciiFallback('👨‍👩‍👧', 2)]).toEqual([
			'??',
			'A ',
			'??',
		]);
	});
});
