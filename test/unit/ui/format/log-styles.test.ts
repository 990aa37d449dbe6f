import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseLogStyles, plainText } from '../../../../src/ui/format/log-styles.ts';
import { DEFAULT_STYLE } from '../../../../src/ui/terminal/text-style.ts';

const text = (line: string): string => plainText(parseLogStyles(line));

describe('parseLogStyles', () => {
	it('keeps colours as styles', () => {
		expect(parseLogStyles('a \x1b[31mred\x1b[0m b')).toEqual([
			{ text: 'a ', style: DEFAULT_STYLE },
			{ text: 'red', style: { ...DEFAULT_STYLE, foreground: 1 } },
			{ text: ' b', style: DEFAULT_STYLE },
		]);
	});

	it.each([
		['a window title', '\x1b]0;owned\x07text', 'text'],
		['a link', '\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\', 'link'],
		['a device string', '\x1bP1$r0m\x1b\\x', 'x'],
		['clearing the screen', '\x1b[2J\x1b[Hx', 'x'],
		['8-bit controls', '\x9b2Jx\x9d', 'x�'],
		['a bell', 'a\x07b', 'ab'],
		['a reset of the terminal', '\x1bcx', 'x'],
		['a string that never ends', '\x1b]0;rest of the line', '0;rest of the line'],
		['a NUL', 'a\x00b', 'a␀b'],
		['a direction override', 'a\u202egnp.exe', 'agnp.exe'],
		['markup of other programs', '[YELLOW] level', '[YELLOW] level'],
	])('neutralises %s', (_, line, wanted) => {
		expect(text(line)).toBe(wanted);
	});

	it.each([
		['the last of a progress bar', '10%\r50%\r100%', '100%'],
		['a line that ends in CR', 'done\r', 'done'],
		['backspaces', 'abc\b\bX', 'aX'],
		['a backspace over a wide character', '日本\bx', '日x'],
		['more backspaces than text', '\b\ba\b\b\bb', 'b'],
		['tabs by columns', 'a\tb\t\tc', `a${' '.repeat(7)}b${' '.repeat(15)}c`],
		['a tab behind a wide character', '日\tb', `日${' '.repeat(6)}b`],
	])('carries out %s', (_, line, wanted) => {
		expect(text(line)).toBe(wanted);
	});

	it('lets nothing through that a terminal would obey, whatever comes', () => {
		const hostile = fc.array(
			fc.oneof(
				fc.constantFrom('\x1b', '[', ']', '31', 'm', ';', '\x9b', '\r', '\b', '\t', 'x', '\x90'),
				fc.string(),
			),
		);
		fc.assert(
			fc.property(hostile, (pieces) => {
				expect(text(pieces.join(''))).not.toMatch(/[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/);
			}),
		);
	});

	it('takes long hostile lines without growing slow', () => {
		expect(text(`${'a\b'.repeat(200_000)}z`)).toBe('z');
		expect(text(`${'\x1b]'.repeat(5000)}z`)).toContain('z');
	});
});
