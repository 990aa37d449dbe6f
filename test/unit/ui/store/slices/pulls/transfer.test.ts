import { expect, test } from 'vitest';
import type { LayerProgress, TransferEvent } from '../../../../../../src/cri/image-transfer.ts';
import {
	initialTransfer,
	transferTotals,
	updateTransfer,
} from '../../../../../../src/ui/store/slices/pulls/transfer.ts';
import { initialPulls, type PullsState, updatePulls } from '../../../../../../src/ui/store/slices/pulls.ts';
import { layer, resolved } from '../../../transfer-fixtures.ts';

const mib = 1 << 20;

test('layers come in the order of the manifest, whatever order they are told in', () => {
	const events: TransferEvent[] = [
		{ kind: 'layer', layer: layer(2) },
		{ kind: 'layer', layer: layer(0, { state: 'transferring', transferredBytes: 5 }) },
		{ kind: 'layer', layer: layer(1) },
	];
	const { layers } = updateTransfer(initialTransfer, events, 1_000);
	expect(layers.map(({ index }) => index)).toEqual([0, 1, 2]);
});

test('sums up what has to come, and leaves out what is there', () => {
	const layers: LayerProgress[] = [
		layer(0, { state: 'present', totalBytes: 50 * mib }),
		layer(1, { state: 'transferring', transferredBytes: 4 * mib, totalBytes: 8 * mib, unpackedBytes: 7 }),
		layer(2, { state: 'done', transferredBytes: 2 * mib, totalBytes: 2 * mib }),
	];
	const transfer = updateTransfer(initialTransfer, [resolved(layers)], 1_000);
	expect(transferTotals(transfer, 1_000)).toMatchObject({
		transferredBytes: 6 * mib,
		totalBytes: 10 * mib,
		unpackedBytes: 7,
		arrived: false,
	});
});

test('knows no total while the size of a layer is not known', () => {
	const layers = [layer(0, { totalBytes: 10 }), layer(1, { totalBytes: 0 })];
	const transfer = updateTransfer(initialTransfer, [resolved(layers)], 1_000);
	expect(transferTotals(transfer, 1_000).totalBytes).toBeUndefined();
	const known = updateTransfer(
		transfer,
		[{ kind: 'layer', layer: layer(1, { state: 'done', transferredBytes: 30, totalBytes: 0 }) }],
		2_000,
	);
	expect(transferTotals(known, 2_000).totalBytes).toBe(40);
});

test('what is found anew replaces the layers and keeps the notes', () => {
	const first = updateTransfer(
		initialTransfer,
		[resolved([layer(0), layer(1)]), { kind: 'note', text: 'a mirror failed' }],
		1_000,
	);
	const second = updateTransfer(first, [resolved([layer(0)])], 2_000);
	expect(second.layers).toHaveLength(1);
	expect(second.notes).toEqual(['a mirror failed']);
});

test('a runtime that never stops telling is remembered in part', () => {
	const events: TransferEvent[] = Array.from({ length: 5_000 }, (_, index) => [
		{ kind: 'layer', layer: layer(index) } as const,
		{ kind: 'note', text: `${index}` } as const,
	]).flat();
	const { layers, notes } = updateTransfer(initialTransfer, events, 1_000);
	expect(layers).toHaveLength(1_000);
	expect(notes).toHaveLength(100);
	expect(notes.at(-1)).toBe('4999');
});

function started(asked?: boolean): PullsState {
	return updatePulls(initialPulls, { kind: 'pullStarted', id: 1, image: 'a', atMs: 0, asked });
}

test('a pull is asked about, told of, or not', () => {
	expect(started().tasks[0]?.telling).toBe('mute');
	const asked = started(true);
	expect(asked.tasks[0]?.telling).toBe('asked');
	expect(updatePulls(asked, { kind: 'pullUntold', id: 1 }).tasks[0]?.telling).toBe('mute');
	const told = updatePulls(asked, { kind: 'pullProgressed', id: 1, events: [resolved([layer(0)])], atMs: 1 });
	expect(told.tasks[0]).toMatchObject({ telling: 'told', transfer: { layers: [{ index: 0 }] } });
});

test('a pull that has ended hears no more, and keeps what it was told without its rates', () => {
	const events: TransferEvent[] = [resolved([layer(0, { state: 'transferring', transferredBytes: 5 })])];
	const told = updatePulls(started(true), { kind: 'pullProgressed', id: 1, events, atMs: 1 });
	const cancelled = updatePulls(told, { kind: 'pullCancelled', id: 1, atMs: 2 });
	expect(cancelled.tasks[0]?.transfer).toMatchObject({ rate: [], layers: [{ index: 0, rate: [] }] });
	const late = updatePulls(cancelled, { kind: 'pullProgressed', id: 1, events, atMs: 3 });
	expect(late).toBe(cancelled);
});
