import { expect, test } from 'vitest';
import { createTerminalModes } from '../../../../src/cli/streams/terminal-modes.ts';

function after(...pieces: readonly string[]): string {
	const modes = createTerminalModes();
	for (const piece of pieces) modes.watch(Buffer.from(piece));
	return modes.undoText();
}

test('what was set is undone, the screen last', () => {
	expect(after('\x1b[?1049h\x1b[?25l\x1b[?2004h')).toBe('\x1b[?25h\x1b[?2004l\x1b[?1049l\x1b[0m');
	expect(after('\x1b[?1000;1006h\x1b=')).toBe('\x1b>\x1b[?1000l\x1b[?1006l\x1b[0m');
});

test('what was undone already, and what is as it should be, is left', () => {
	expect(after('plain text\n')).toBe('');
	expect(after('\x1b[?1049hvi\x1b[?1049l')).toBe('');
	expect(after('\x1b[?25l\x1b[?25h\x1b[?7h')).toBe('');
	expect(after('\x1b[31mred\x1b[0m')).toBe('');
});

test('a sequence may come in pieces', () => {
	expect(after('\x1b', '[?10', '49h')).toBe('\x1b[?1049l\x1b[0m');
	expect(after('x\x1b[?1049', 'h\x1b[?1049', 'l')).toBe('');
});
