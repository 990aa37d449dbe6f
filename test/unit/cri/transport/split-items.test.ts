import fc from 'fast-check';
import { expect, test } from 'vitest';
import { mapContainer } from '../../../../src/cri/codec-container.ts';
import type { WireMessage } from '../../../../src/cri/codec-fields.ts';
import { itemKey, splitItems } from '../../../../src/cri/transport/split-items.ts';
import { loadWireMethods, type WireMethod } from '../../../../src/cri/transport/wire.ts';
import { createFakeState } from '../../../fakes/cri-state.ts';

const methods = loadWireMethods(['RuntimeService', 'ImageService']);

function method(rpc: string): WireMethod {
	const found = methods.get(rpc);
	return found ?? expect.unreachable(rpc);
}

test('items read one by one are those of the whole answer', () => {
	const containers = [
		...createFakeState({ pods: 3, containers: 7 }).containers.values(),
		{ id: '' },
		{ state: 99 },
	];
	const { responseSerialize, responseDeserialize, itemsOf } = method('ListContainers');
	const bytes = responseSerialize({ containers });
	const { fieldNumber, decode } = itemsOf('containers');
	const whole = responseDeserialize(bytes)['containers'] as WireMessage[];
	const items = splitItems(bytes, fieldNumber).map(({ start, end }) =>
		mapContainer(decode(bytes.subarray(start, end))),
	);
	expect(items).toEqual(whole.map(mapContainer));
	expect(items).toHaveLength(23);
});

test('other fields are skipped, whatever their type', () => {
	const bytes = [
		0x08, 0x96, 0x01, 0x11, 1, 2, 3, 4, 5, 6, 7, 8, 0x0a, 1, 7, 0x1d, 1, 2, 3, 4, 0x12, 1, 9, 0x0a, 0,
	];
	const split = (field: number) =>
		splitItems(Uint8Array.from(bytes), field).map(({ start, end }) => bytes.slice(start, end));
	expect(split(1)).toEqual([[7], []]);
	expect(split(2)).toEqual([[9]]);
	expect(splitItems(new Uint8Array(), 1)).toEqual([]);
});

test.each([[[0x0a, 5, 1]], [[0x0a]], [[0x0f]], [[0x80]], [Array(20).fill(0xff)], [[0x11, 1]]])(
	'%j is refused',
	(bytes) => {
		expect(() => splitItems(Uint8Array.from(bytes), 1)).toThrow(RangeError);
	},
);

test('no bytes make it hang or read past the end', () => {
	fc.assert(
		fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
			try {
				for (const { start, end } of splitItems(bytes, 1)) {
					expect(start).toBeLessThanOrEqual(end);
					expect(end).toBeLessThanOrEqual(bytes.length);
				}
			} catch (error) {
				expect(error).toBeInstanceOf(RangeError);
			}
		}),
	);
});

test('shuffled maps are the same item, any other difference is another', () => {
	const { responseSerialize, itemsOf } = method('ListContainers');
	const { fieldNumber, mapFields } = itemsOf('containers');
	const keyOf = (container: WireMessage) => {
		const bytes = responseSerialize({ containers: [container] });
		const [item] = splitItems(bytes, fieldNumber);
		return item ? itemKey(bytes, item, mapFields) : expect.unreachable();
	};
	const labels = { a: '1', b: '2' };
	const key = keyOf({ id: 'x', labels, annotations: { c: '3' } });
	expect(keyOf({ annotations: { c: '3' }, labels: { b: '2', a: '1' }, id: 'x' })).toBe(key);
	expect(keyOf({ id: 'x', labels: { a: '1', b: '3' }, annotations: { c: '3' } })).not.toBe(key);
	expect(keyOf({ id: 'x', labels: { ...labels, c: '3' } })).not.toBe(key);
	expect(keyOf({ id: 'x', labels, annotations: { c: '3' }, state: 1 })).not.toBe(key);
});
