import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { padCells, sliceCells, stringWidthCells, truncateCells } from '../../../src/text/width.ts';

const anyText = fc
	.array(fc.constantFrom('a', 'bc', ' ', 'é', 'e\u0301', '日', '本語', '👨‍👩‍👧', '한', '…', '─'))
	.map((parts) => parts.join(''));

describe('widths', () => {
	it.each([
		['nginx', 5],
		['日本', 4],
		['e\u0301', 1],
		['👨‍👩‍👧', 2],
		['', 0],
	])('%s takes %i cells', (text, cells) => {
		expect(stringWidthCells(text)).toBe(cells);
	});

	it.each([
		['kube-proxy', 6, undefined, 'kube-…'],
		['kube-proxy', 6, 'start', '…proxy'],
		['kube-proxy', 7, 'middle', 'kub…oxy'],
		['日本語', 4, undefined, '日…'],
		['日本語', 4, 'start', '…語'],
		['ab', 2, undefined, 'ab'],
		['abc', 1, undefined, '…'],
		['abc', 0, undefined, ''],
	] as const)('%s in %i cells from the %s is %s', (text, width, from, wanted) => {
		expect(truncateCells(text, width, { from })).toBe(wanted);
	});

	it('never exceeds the room when it shortens, from any side', () => {
		fc.assert(
			fc.property(anyText, fc.nat(12), fc.constantFrom('end', 'start', 'middle'), (text, width, from) => {
				const short = truncateCells(text, width, { from });
				expect(stringWidthCells(short)).toBeLessThanOrEqual(width);
				if (stringWidthCells(text) <= width) expect(short).toBe(text);
			}),
		);
	});

	it('slices exactly the cells asked for', () => {
		expect(sliceCells('a日b', 2, 4)).toBe(' b');
		expect(sliceCells('a日b', 0, 2)).toBe('a ');
		expect(sliceCells('plain', 1, 3)).toBe('la');
		fc.assert(
			fc.property(anyText, fc.nat(10), fc.nat(10), (text, start, length) => {
				const room = Math.max(0, Math.min(stringWidthCells(text), start + length) - start);
				expect(stringWidthCells(sliceCells(text, start, start + length))).toBe(room);
			}),
		);
	});

	it('pads by cells on either side', () => {
		expect(padCells('日', 4)).toBe('日  ');
		expect(padCells('7', 3, 'right')).toBe('  7');
		expect(padCells('ab', 5, 'center')).toBe(' ab  ');
		expect(padCells('too long', 3)).toBe('too long');
	});
});
