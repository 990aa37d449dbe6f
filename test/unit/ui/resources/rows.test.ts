import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compareText } from '../../../../src/ui/resources/rows.ts';

const sorted = (...texts: readonly string[]) => texts.toSorted(compareText);

test('numbers in names are in the order of people, all else in that of code units', () => {
	expect(sorted('web-10', 'web-9', 'web-1', 'web', 'Web-3', 'web-09')).toEqual([
		'Web-3',
		'web',
		'web-1',
		'web-9',
		'web-09',
		'web-10',
	]);
	expect(sorted('a1b20', 'a1b3', 'a12b1', 'ab')).toEqual(['a1b3', 'a1b20', 'a12b1', 'ab']);
});

test('it is an order: no matter how a list was, it comes out the same', () => {
	const names = fc.array(fc.string({ unit: fc.constantFrom('a', 'b', '-', '0', '1', '2') }));
	fc.assert(
		fc.property(names, (list) => {
			const once = list.toSorted(compareText);
			expect(list.toReversed().toSorted(compareText)).toEqual(once);
			for (const [index, left] of once.entries()) {
				for (const right of once.slice(index + 1)) expect(compareText(left, right)).toBeLessThanOrEqual(0);
			}
		}),
	);
});
