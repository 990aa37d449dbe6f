import { expect, test } from 'vitest';
import { formatChord, formatKey } from '../../../../src/ui/keys/display.ts';
import { isPlainLowerCase, normaliseKey, parseChord, tryParseChord } from '../../../../src/ui/keys/parse.ts';

test.each([
	['j', 'j'],
	['K', 'K'],
	['shift+k', 'K'],
	['/', '/'],
	['<', '<'],
	['<>', undefined],
	['+', '+'],
	['ctrl++', 'ctrl++'],
	['-', '-'],
	['ctrl+D', 'ctrl+d'],
	['Ctrl-d', 'ctrl+d'],
	['C-d', 'ctrl+d'],
	['^D', 'ctrl+d'],
	['^', '^'],
	['<c-d>', 'ctrl+d'],
	['<Enter>', 'enter'],
	['Return', 'enter'],
	['esc', 'escape'],
	['PgDn', 'pagedown'],
	['shift+tab', 'shift+tab'],
	['<BackTab>', 'shift+tab'],
	['alt+ctrl+shift+up', 'ctrl+alt+shift+up'],
	['M-x', 'alt+x'],
	['alt+K', 'alt+K'],
	['ctrl+i', 'tab'],
	['ctrl+m', 'enter'],
	['ctrl+[', 'escape'],
	['F12', 'f12'],
	['f25', undefined],
	['shift+1', undefined],
	['é', 'é'],
	['界', '界'],
	['', undefined],
	['jj', undefined],
	['ctrl+', undefined],
	['\u001b', undefined],
	['\u202e', undefined],
	['constructor', undefined],
])('%s is the key %s', (written, key) => {
	if (key === undefined) expect(() => normaliseKey(written)).toThrow(/is not a key/);
	else expect(normaliseKey(written)).toBe(key);
});

test('chords', () => {
	expect(parseChord('g  g')).toEqual(['g', 'g']);
	expect(parseChord(' ')).toEqual(['space']);
	expect(parseChord(' <enter> ')).toEqual(['enter']);
	expect(() => parseChord('  ')).toThrow('empty text');
	expect(() => parseChord('a b c d e')).toThrow('more than 4 keys');
	expect(tryParseChord('g gg')).toBeUndefined();
});

test('plain lower case is what may change nothing', () => {
	expect(['s', 'g g', 'é'].map((chord) => isPlainLowerCase(parseChord(chord)))).toEqual([true, true, true]);
	expect(['S', 'g S', 'ctrl+s', 'enter', '!'].map((chord) => isPlainLowerCase(parseChord(chord)))).toEqual([
		false,
		false,
		false,
		false,
		false,
	]);
});

test('display', () => {
	expect(
		['j', 'ctrl+d', 'enter', 'shift+tab', 'up', 'alt+x', 'ctrl+up', 'f1'].map((key) => formatKey(key)),
	).toEqual(['j', '^D', 'Enter', '⇧Tab', '↑', 'M-x', 'C-↑', 'F1']);
	expect(['shift+tab', 'up', 'pagedown', 'ctrl++'].map((key) => formatKey(key, { unicode: false }))).toEqual([
		'S-Tab',
		'Up',
		'PgDn',
		'^+',
	]);
	expect(formatChord(['g', 'g'])).toBe('gg');
	expect(formatChord(['ctrl+w', 'j'])).toBe('^W j');
});
