import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sanitizeLine, sanitizeText } from '../../../src/text/sanitize.ts';

describe('sanitizeLine', () => {
	it.each([
		['plain text', 'nginx:1.27 é 日本 👨‍👩‍👧 ❤️', 'nginx:1.27 é 日本 👨‍👩‍👧 ❤️'],
		['escape sequences', '\x1b[2Jx\x1b]0;t\x07', '␛[2Jx␛]0;t␇'],
		['line ends', 'a\r\nb\nc', 'a␍↵b↵c'],
		['tabs', 'a\tb', 'a b'],
		['DEL and C1', 'a\x7f\x9b31m', 'a␡�31m'],
		['direction overrides', 'invoice\u202efdp.exe\u2066', 'invoicefdp.exe'],
		['zero-width characters', 'ng\u200bi\u200cn\u200dx\ufeff\u00ad', 'nginx'],
		['line separators', 'a\u2028b', 'a↵b'],
		['lone surrogates', 'a\ud800b', 'a�b'],
		['a selector on a letter', 'a\ufe0fb', 'ab'],
		['tag characters', 'a\u{e0041}b', 'ab'],
	])('handles %s', (_, text, wanted) => {
		expect(sanitizeLine(text)).toBe(wanted);
	});

	it('leaves nothing dangerous, and changes nothing the second time', () => {
		fc.assert(
			fc.property(fc.string({ unit: 'binary' }), (text) => {
				const safe = sanitizeLine(text);
				expect(safe).not.toMatch(/[\p{Cc}\p{Cs}\u200b\u202a-\u202e\u2028\u2029\u2066-\u2069\ufeff]/u);
				expect(sanitizeLine(safe)).toBe(safe);
			}),
			{ numRuns: 150 },
		);
	});
});

describe('sanitizeText', () => {
	it('keeps newlines and nothing else', () => {
		expect(sanitizeText('a\r\nb\nc\rd\x1b')).toBe('a\nb\nc␍d␛');
	});
});
