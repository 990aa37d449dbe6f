import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { TransferEvent } from '../../../../src/cri/image-transfer.ts';
import { createTransferBatch } from '../../../../src/ui/effects/transfer-batch.ts';
import { completed, layer, resolved } from '../transfer-fixtures.ts';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

function batches() {
	const told: (readonly TransferEvent[])[] = [];
	return { told, batch: createTransferBatch((events) => told.push(events), 250) };
}

test('the first event is told at once, a storm once a pause with the newest of each layer', () => {
	const { told, batch } = batches();
	batch.add(resolved([layer(0), layer(1)]));
	expect(told).toHaveLength(1);
	for (let bytes = 1; bytes <= 10_000; bytes++) {
		batch.add({ kind: 'layer', layer: layer(bytes % 2, { transferredBytes: bytes }) });
	}
	expect(told).toHaveLength(1);
	vi.advanceTimersByTime(250);
	expect(told).toHaveLength(2);
	expect(told[1]).toEqual([
		{ kind: 'layer', layer: layer(1, { transferredBytes: 9_999 }) },
		{ kind: 'layer', layer: layer(0, { transferredBytes: 10_000 }) },
	]);
	vi.advanceTimersByTime(10_000);
	expect(told).toHaveLength(2);
	expect(vi.getTimerCount()).toBe(0);
});

test('what was found before gives way to what is found anew', () => {
	const { told, batch } = batches();
	batch.add({ kind: 'note', text: 'first' });
	batch.add(resolved([layer(0)]));
	batch.add({ kind: 'layer', layer: layer(0, { transferredBytes: 5 }) });
	batch.add({ kind: 'note', text: 'tried again' });
	batch.add(resolved([layer(0), layer(1)]));
	batch.add(completed('a'));
	batch.flush();
	expect(told.flat()).toEqual([
		{ kind: 'note', text: 'first' },
		{ kind: 'note', text: 'tried again' },
		resolved([layer(0), layer(1)]),
		completed('a'),
	]);
	batch[Symbol.dispose]();
	expect(vi.getTimerCount()).toBe(0);
});

test('notes without end are remembered in part, and never at the cost of what was found', () => {
	const { told, batch } = batches();
	batch.add({ kind: 'note', text: 'first' });
	batch.add(resolved([layer(0)]));
	for (let index = 0; index < 5_000; index++) batch.add({ kind: 'note', text: `${index}` });
	vi.advanceTimersByTime(250);
	expect(told[1]).toHaveLength(100);
	expect(told[1]?.[0]?.kind).toBe('resolved');
	expect(told[1]?.at(-1)).toEqual({ kind: 'note', text: '4999' });
});
