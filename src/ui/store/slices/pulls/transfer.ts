/** What a runtime tells of a pull while it goes on: layers, notes, and how fast they come. */
import type { LayerProgress, TransferEvent } from '../../../../cri/image-transfer.ts';
import { bytesPerSecond, type Rate, sampled } from '../../rate.ts';

/** One layer, and how fast it comes. */
export type LayerTransfer = LayerProgress & { readonly rate: Rate };

/** A pull as the runtime tells it. Text is from outside and unsanitised. */
export type PullTransfer = {
	/** What was found at the registry; undefined while it is looked for. */
	readonly resolved: Omit<Extract<TransferEvent, { kind: 'resolved' }>, 'kind' | 'layers'> | undefined;
	/** From the base up. */
	readonly layers: readonly LayerTransfer[];
	/** What a person would want to know, newest last. */
	readonly notes: readonly string[];
	/** Of all layers together. */
	readonly rate: Rate;
};

/** Sums over all layers that have to be transferred. */
export type TransferTotals = {
	readonly transferredBytes: number;
	/** undefined while the size of a layer is not known. */
	readonly totalBytes: number | undefined;
	readonly unpackedBytes: number;
	readonly bytesPerSecond: number | undefined;
	/** All bytes are here; unpacking may go on. */
	readonly arrived: boolean;
};

/** Notes that are remembered; a registry that fails all the time has no more to say. */
const keptNotes = 100;
/** More than any filesystem stacks; a runtime that tells of more is not believed. */
const keptLayers = 1_000;

/** Nothing told yet. */
export const initialTransfer: PullTransfer = { resolved: undefined, layers: [], notes: [], rate: [] };

/** Whether all bytes of a layer are here. */
export function hasArrived({ state }: LayerProgress): boolean {
	return state !== 'waiting' && state !== 'transferring';
}

/** Whether nothing of a layer had to be transferred. */
export function wasThere({ state }: LayerProgress): boolean {
	return state === 'present' || state === 'mounted';
}

function transferredOf(layer: LayerProgress): number {
	return hasArrived(layer) ? Math.max(layer.totalBytes, layer.transferredBytes) : layer.transferredBytes;
}

/** Sums up a transfer as of `nowMs`. */
export function transferTotals({ layers, rate }: PullTransfer, nowMs: number): TransferTotals {
	const moved = layers.filter((layer) => !wasThere(layer));
	const known = moved.every((layer) => layer.totalBytes > 0 || hasArrived(layer));
	const sum = (of: (layer: LayerProgress) => number) => moved.reduce((total, layer) => total + of(layer), 0);
	return {
		transferredBytes: sum(transferredOf),
		totalBytes: known ? sum((layer) => Math.max(layer.totalBytes, transferredOf(layer))) : undefined,
		unpackedBytes: sum((layer) => layer.unpackedBytes),
		bytesPerSecond: bytesPerSecond(rate, nowMs),
		arrived: layers.every(hasArrived),
	};
}

function withLayer(before: LayerTransfer | undefined, layer: LayerProgress, atMs: number): LayerTransfer {
	const moving = layer.state === 'transferring';
	return { ...layer, rate: moving ? sampled(before?.rate ?? [], atMs, layer.transferredBytes) : [] };
}

/** Applies what happened since the last time, in order. */
export function updateTransfer(
	before: PullTransfer,
	events: readonly TransferEvent[],
	atMs: number,
): PullTransfer {
	let { resolved } = before;
	const layers = new Map(before.layers.map((layer) => [layer.index, layer]));
	const notes = [...before.notes];
	for (const event of events) {
		switch (event.kind) {
			case 'resolved': {
				const { kind: _, layers: found, ...rest } = event;
				resolved = rest;
				layers.clear();
				for (const layer of found.slice(0, keptLayers)) {
					layers.set(layer.index, withLayer(undefined, layer, atMs));
				}
				break;
			}
			case 'layer':
				if (layers.has(event.layer.index) || layers.size < keptLayers) {
					layers.set(event.layer.index, withLayer(layers.get(event.layer.index), event.layer, atMs));
				}
				break;
			case 'note':
				notes.push(event.text);
				break;
			case 'completed':
				break;
		}
	}
	const next = {
		resolved,
		layers: [...layers.values()].sort((left, right) => left.index - right.index),
		notes: notes.slice(-keptNotes),
		rate: before.rate,
	};
	const { transferredBytes } = transferTotals(next, atMs);
	return { ...next, rate: sampled(before.rate, atMs, transferredBytes) };
}

/** A transfer that goes on no more: what it measured is forgotten, what it told stays. */
export function endedTransfer(transfer: PullTransfer): PullTransfer {
	return { ...transfer, rate: [], layers: transfer.layers.map((layer) => ({ ...layer, rate: [] })) };
}
