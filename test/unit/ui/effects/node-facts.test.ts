import { expect, test } from 'vitest';
import { held } from '../../../../src/ui/effects/node-facts.ts';

test('a figure that trembles is held, one that moves is followed', () => {
	const step = () => 0.2;
	expect(held(undefined, 0.4, step)).toBe(0.4);
	expect(held(0.4, 0.5, step)).toBe(0.4);
	expect(held(0.4, 0.3, step)).toBe(0.4);
	expect(held(0.4, 0.6, step)).toBe(0.6);
	expect(held(0.4, 0.2, step)).toBe(0.2);
	expect(held(0.4, undefined, step)).toBeUndefined();
});
