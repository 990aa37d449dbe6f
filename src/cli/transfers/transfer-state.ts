/** What is known of a transfer while it goes on: events in, state out. Pure; time is passed in. */
import type { LayerProgress, TransferEvent } from '../../cri/image-transfer.ts';

/** Which way images go; decides the words. */
export type Direction = 'pull' | 'push' | 'load' | 'save';

/** A layer with what can only be known by having watched it. */
export type WatchedLayer = LayerProgress & {
	/** When its bytes began to move; undefined before. */
	readonly startedAtMs: number | undefined;
	/** The last second's rate; undefined until there is one. */
	readonly bytesPerSecond: number | undefined;
	/** Where the running second began. */
	readonly windowAtMs: number;
	readonly windowBytes: number;
	readonly heardAtMs: number;
};

/** A transfer of one image, or of one after the other. */
export type TransferState = {
	readonly direction: Direction;
	/** As typed. */
	readonly subject: string;
	readonly startedAtMs: number;
	/** Of the image under way; undefined until it is resolved. */
	readonly resolved: Extract<TransferEvent, { readonly kind: 'resolved' }> | undefined;
	/** By position. */
	readonly layers: readonly WatchedLayer[];
	/** Bytes of an archive sent or received, where there is one. */
	readonly archive: { readonly bytes: number; readonly totalBytes: number | undefined } | undefined;
	readonly completed: readonly Completed[];
};

/** What the runtime says of a finished image. */
export type Completed = Extract<TransferEvent, { readonly kind: 'completed' }>;

const windowMs = 1000;
/** A layer of which nothing is heard for this long stands still. */
const stalledMs = 3000;

/** A transfer that has not begun. */
export function newTransfer(direction: Direction, subject: string, nowMs: number): TransferState {
	return {
		direction,
		subject,
		startedAtMs: nowMs,
		resolved: undefined,
		layers: [],
		archive: undefined,
		completed: [],
	};
}

function watch(layer: LayerProgress, before: WatchedLayer | undefined, nowMs: number): WatchedLayer {
	const moves = layer.state === 'transferring';
	const startedAtMs = before?.startedAtMs ?? (moves ? nowMs : undefined);
	// Bytes that start anew, as from the next mirror, begin a new window.
	const anew = before?.startedAtMs === undefined || layer.transferredBytes < before.windowBytes;
	const windowAtMs = anew ? nowMs : before.windowAtMs;
	const windowBytes = anew ? layer.transferredBytes : before.windowBytes;
	const passedMs = nowMs - windowAtMs;
	if (passedMs < windowMs) {
		const bytesPerSecond = before?.bytesPerSecond;
		return { ...layer, startedAtMs, bytesPerSecond, windowAtMs, windowBytes, heardAtMs: nowMs };
	}
	return {
		...layer,
		startedAtMs,
		bytesPerSecond: ((layer.transferredBytes - windowBytes) / passedMs) * 1000,
		windowAtMs: nowMs,
		windowBytes: layer.transferredBytes,
		heardAtMs: nowMs,
	};
}

/** The state after an event. */
export function applyEvent(state: TransferState, event: TransferEvent, nowMs: number): TransferState {
	switch (event.kind) {
		case 'resolved':
			return {
				...state,
				resolved: event,
				layers: event.layers.map((layer) => watch(layer, undefined, nowMs)),
			};
		case 'layer': {
			const { index } = event.layer;
			const layers = [...state.layers];
			const at = layers.findIndex((layer) => layer.index === index);
			const watched = watch(event.layer, layers[at], nowMs);
			if (at < 0) layers.push(watched);
			else layers[at] = watched;
			return { ...state, layers };
		}
		case 'note':
			return state;
		case 'completed':
			return { ...state, completed: [...state.completed, event] };
	}
}

/** Bytes per second of a layer now; undefined where nothing moves or nothing is known yet. */
export function speedOf(layer: WatchedLayer, nowMs: number): number | undefined {
	if (layer.state !== 'transferring') return undefined;
	return nowMs - layer.heardAtMs > stalledMs ? 0 : layer.bytesPerSecond;
}

/** Whether nothing is left to do for a layer. */
export function isSettled({ state }: LayerProgress): boolean {
	return state === 'present' || state === 'done' || state === 'mounted';
}

/** What a layer is doing, in one word; what follows a colon in a plain line. */
export function layerWord({ state }: LayerProgress, direction: Direction): string {
	switch (state) {
		case 'waiting':
			return 'waiting';
		case 'present':
			return 'exists';
		case 'transferring':
			return { pull: 'downloading', push: 'pushing', load: 'reading', save: 'writing' }[direction];
		case 'verified':
			return { pull: 'unpacking', push: 'pushed', load: 'unpacking', save: 'written' }[direction];
		case 'done':
			return 'done';
		case 'mounted':
			return 'mounted';
	}
}

/** Sums over all layers that have bytes to move. */
export function totalsOf(state: TransferState, nowMs: number) {
	const moving = state.layers.filter((layer) => layer.state !== 'present' && layer.state !== 'mounted');
	const sum = (of: (layer: WatchedLayer) => number) => moving.reduce((total, layer) => total + of(layer), 0);
	return {
		layers: state.layers.length,
		settled: state.layers.filter(isSettled).length,
		moved: moving.length,
		bytes: sum(({ transferredBytes }) => transferredBytes),
		// Unknown as soon as one of them is.
		totalBytes: moving.every(({ totalBytes }) => totalBytes > 0)
			? sum(({ totalBytes }) => totalBytes)
			: undefined,
		bytesPerSecond: sum((layer) => speedOf(layer, nowMs) ?? 0),
	};
}
