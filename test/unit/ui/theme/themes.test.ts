import { expect, test } from 'vitest';
import { lineToAnsi, themes } from '../../../../src/ui/theme/themes.ts';

test('a control character in a span never becomes a sequence of the terminal', () => {
	const hostile = [{ text: 'a\x1b[2J\x07b\x9b31m' }, { text: '\r\nc', token: 'fail' as const }];
	expect(lineToAnsi(hostile, themes.mono)).toBe('a[2Jb31m\x1b[1mc\x1b[0m');
});
