import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createResizeParser } from '../../../../src/runtime/streaming/resize-parser.ts';

function sizesIn(...pieces: readonly string[]): readonly string[] {
	const sizes: string[] = [];
	const take = createResizeParser((columns, rows) => sizes.push(`${columns}x${rows}`));
	for (const piece of pieces) take(Buffer.from(piece));
	return sizes;
}

test('objects are read one behind the other, whatever is between them', () => {
	expect(sizesIn('{"Width":80,"Height":24}{"Width":1,"Height":2}\n {"width":3, "height":4}')).toEqual([
		'80x24',
		'1x2',
		'3x4',
	]);
});

test('what is no size is passed over, and the next one counts', () => {
	expect(
		sizesIn('garbage }{"Width":0,"Height":1}{"Width":"80"}{"Width":70000,"Height":1}{{"Width":5,"Height":6}'),
	).toEqual(['5x6']);
	expect(sizesIn('null', '{}', '{"Width":1.5,"Height":2}', '{"Width":7,"Height":8}')).toEqual(['7x8']);
});

test('megabytes without an end are forgotten', () => {
	expect(sizesIn(...Array.from({ length: 100 }, () => '{'.repeat(10_000)), '{"Width":7,"Height":8}')).toEqual(
		['7x8'],
	);
});

test('pieces may be cut anywhere', () => {
	fc.assert(
		fc.property(
			fc.array(fc.tuple(fc.integer({ min: 1, max: 65_535 }), fc.integer({ min: 1, max: 65_535 }))),
			fc.integer({ min: 1, max: 40 }),
			(sizes, step) => {
				const text = sizes.map(([w, h]) => JSON.stringify({ Width: w, Height: h })).join('\n');
				const pieces = text.match(new RegExp(`[^]{1,${step}}`, 'g')) ?? [];
				expect(sizesIn(...pieces)).toEqual(sizes.map(([w, h]) => `${w}x${h}`));
			},
		),
	);
});
