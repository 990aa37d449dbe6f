import { describe, expect, it } from 'vitest';
import { clipboardSequence, MAX_CLIPBOARD_BYTES } from '../../../../src/ui/terminal/clipboard.ts';

describe('clipboardSequence', () => {
	it('wraps for tmux, ESC doubled', () => {
		expect(clipboardSequence('x', 'tmux')).toBe('\x1b]52;c;eA==\x07\x1bPtmux;\x1b\x1b]52;c;eA==\x07\x1b\\');
	});

	it('cuts into short strings for screen, losing nothing', () => {
		const wrapped = clipboardSequence('y'.repeat(3000), 'screen') ?? '';
		const parts = wrapped.split('\x1b\\').filter((part) => part !== '');
		expect(parts.every((part) => part.startsWith('\x1bP') && part.length <= 600)).toBe(true);
		expect(parts.map((part) => part.slice(2)).join('')).toBe(clipboardSequence('y'.repeat(3000), 'none'));
	});

	it('takes as much as terminals do, counted in bytes', () => {
		expect(clipboardSequence('x'.repeat(MAX_CLIPBOARD_BYTES), 'none')).toBeDefined();
		expect(clipboardSequence('é'.repeat(MAX_CLIPBOARD_BYTES / 2 + 1), 'none')).toBeUndefined();
	});
});
