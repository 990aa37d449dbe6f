import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createEscapeChord } from '../../../../src/ui/effects/shell-escape.ts';

/** Feeds keys and gives what reached the container, with the chord between `!` each time it was seen. */
function typed(chords: readonly (readonly string[])[], keys: readonly (string | undefined)[]): string {
	const chord = createEscapeChord<string>(chords);
	return keys
		.map((key) => {
			const { passed, matched } = chord.feed(key, key?.slice(-1) ?? '?');
			return passed.join('') + (matched ? `!${matched.join('')}!` : '');
		})
		.join('');
}

describe('the escape chord', () => {
	test('is seen among other keys, which pass', () => {
		expect(typed([['ctrl+]']], ['a', 'b', 'ctrl+]', 'c'])).toBe('ab!]!c');
	});

	test('of two keys holds the first until the second has come', () => {
		expect(typed([['ctrl+a', 'd']], ['ctrl+a'])).toBe('');
		expect(typed([['ctrl+a', 'd']], ['ctrl+a', 'd'])).toBe('!ad!');
	});

	test('begun and not finished passes whole, in order', () => {
		expect(typed([['ctrl+a', 'd']], ['ctrl+a', 'x', 'y'])).toBe('axy');
	});

	test('counts from a key that ends another beginning', () => {
		expect(typed([['ctrl+a', 'd'], ['ctrl+]']], ['ctrl+a', 'ctrl+]'])).toBe('a!]!');
		expect(typed([['a', 'a', 'b']], ['a', 'a', 'a', 'b'])).toBe('a!aab!');
	});

	test('is not found in a paste or a reply, which are no keys', () => {
		expect(typed([['ctrl+]']], [undefined])).toBe('?');
	});

	test('is ctrl+] where the configuration took every chord away', () => {
		expect(typed([], ['ctrl+]'])).toBe('!]!');
	});

	test('loses and adds no byte, whatever is typed', () => {
		const keys = fc.array(fc.constantFrom('a', 'b', 'c', 'd'));
		fc.assert(
			fc.property(keys, (pressed) => {
				const out = typed([['a', 'b', 'c']], pressed).replaceAll('!', '');
				const input = pressed.join('');
				// Only a beginning at the very end may still be held.
				expect(input.startsWith(out)).toBe(true);
				expect(['', 'a', 'ab']).toContain(input.slice(out.length));
			}),
		);
	});
});
