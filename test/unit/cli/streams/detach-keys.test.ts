import { afterEach, describe, expect, test, vi } from 'vitest';
import { createDetachFilter, parseDetachKeys } from '../../../../src/cli/streams/detach-keys.ts';

afterEach(() => {
	vi.useRealTimers();
});

describe('detach keys as they are written', () => {
	test.each([
		['ctrl-p,ctrl-q', [0x10, 0x11]],
		['ctrl-],q', [0x1d, 0x71]],
		['CTRL-A', [1]],
		['~,.', [0x7e, 0x2e]],
	])('%s', (text, bytes) => {
		expect([...(parseDetachKeys(text) ?? [])]).toEqual(bytes);
	});
	test('none is none, and nonsense is refused by name', () => {
		expect(parseDetachKeys('none')).toBeUndefined();
		expect(() => parseDetachKeys('ctrl-p,alt-x')).toThrow('knows no key "alt-x"');
	});
});

describe('detach keys as they are typed', () => {
	function filter(keys = 'ctrl-p,ctrl-q') {
		let sent = '';
		const onDetach = vi.fn();
		const made = createDetachFilter(parseDetachKeys(keys) as Uint8Array, {
			send: (bytes) => {
				sent += Buffer.from(bytes).toString('latin1');
			},
			onDetach,
		});
		return {
			type: (text: string) => made.take(Buffer.from(text, 'latin1')),
			sent: () => sent,
			onDetach,
			made,
		};
	}

	test('in one piece, in two, and after other keys', () => {
		for (const pieces of [['\x10\x11'], ['\x10', '\x11'], ['ls\x10', '\x11never']]) {
			const { type, sent, onDetach } = filter();
			for (const piece of pieces) type(piece);
			type('nothing more');
			expect(onDetach).toHaveBeenCalledOnce();
			expect(sent()).toBe(pieces[0]?.startsWith('ls') ? 'ls' : '');
		}
	});

	test('the first key alone goes through with the next one, or after a while', () => {
		vi.useFakeTimers();
		const { type, sent, onDetach } = filter();
		type('\x10');
		expect(sent()).toBe('');
		type('x');
		expect(sent()).toBe('\x10x');
		type('\x10');
		vi.advanceTimersByTime(700);
		expect(sent()).toBe('\x10x\x10');
		type('\x11');
		expect(sent()).toBe('\x10x\x10\x11');
		expect(onDetach).not.toHaveBeenCalled();
	});

	test('a beginning typed twice still leads to the end', () => {
		const { type, sent, onDetach } = filter();
		type('\x10\x10\x11');
		expect(onDetach).toHaveBeenCalledOnce();
		expect(sent()).toBe('\x10');
	});

	test('what is kept back goes out at the end of the input', () => {
		const { type, sent, made } = filter();
		type('a\x10');
		made.finish();
		expect(sent()).toBe('a\x10');
	});
});
