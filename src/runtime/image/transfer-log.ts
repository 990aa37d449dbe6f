/** What happens during one transfer, told to any number of listeners, each at its own speed. */
import type { LayerProgress, TransferEvent } from '../../cri/image-transfer.ts';

type Resolved = Extract<TransferEvent, { kind: 'resolved' }>;

/** One transfer's events: written by the work, read by its callers. */
export type TransferLog = {
	/** Starts the account of an image; its layers are counted from here. */
	resolved(event: Resolved): void;
	/** Changes a layer of the image resolved last. Bytes alone are told about ten times a second, a new state at once. */
	layer(index: number, change: Partial<Omit<LayerProgress, 'index'>>): void;
	note(text: string): void;
	completed(event: Extract<TransferEvent, { kind: 'completed' }>): void;
	/** No more events. `error`, where given, is thrown to every listener once it has read what came before. */
	end(error?: unknown): void;
	/**
	 * A listener of one's own. One that comes late hears where things stand. Its iteration ends after the last event, or
	 * throws the error of the transfer or the reason of its own signal.
	 */
	listen(signal?: AbortSignal): AsyncIterableIterator<TransferEvent> & AsyncDisposable;
};

const layerIntervalMs = 100;
const maxNotes = 100;

/**
 * Makes an empty log.
 * @param options.now milliseconds of a clock that only goes forward
 * @param options.onNote gets the notes, too
 */
export function createTransferLog(
	options: {
		readonly now?: (() => number) | undefined;
		readonly onNote?: ((text: string) => void) | undefined;
	} = {},
): TransferLog {
	const { now = () => performance.now(), onNote } = options;
	const listeners = new Set<Listener>();
	let head: Resolved | undefined;
	let layers: LayerProgress[] = [];
	let toldAtMs: number[] = [];
	let notes: TransferEvent[] = [];
	let last: TransferEvent | undefined;
	let outcome: { readonly error: unknown } | undefined;

	function tell(event: TransferEvent): void {
		for (const listener of listeners) listener.push(event);
	}

	return {
		resolved(event) {
			head = event;
			layers = [...event.layers];
			toldAtMs = layers.map(() => Number.NEGATIVE_INFINITY);
			last = undefined;
			tell(event);
		},
		layer(index, change) {
			const before = layers[index];
			if (before === undefined) return;
			const layer = { ...before, ...change };
			layers[index] = layer;
			const atMs = now();
			if (layer.state === before.state && atMs - (toldAtMs[index] ?? 0) < layerIntervalMs) return;
			toldAtMs[index] = atMs;
			tell({ kind: 'layer', layer });
		},
		note(text) {
			const event: TransferEvent = { kind: 'note', text };
			onNote?.(text);
			notes = [...notes.slice(1 - maxNotes), event];
			tell(event);
		},
		completed(event) {
			last = event;
			tell(event);
		},
		end(error) {
			outcome ??= { error };
			for (const listener of listeners) listener.end(outcome.error);
		},
		listen(signal) {
			const listener = createListener(listeners, signal);
			for (const event of notes) listener.push(event);
			if (head) listener.push({ ...head, layers: [...layers] });
			if (last) listener.push(last);
			if (outcome) listener.end(outcome.error);
			return listener.events;
		},
	};
}

type Listener = {
	push(event: TransferEvent): void;
	end(error: unknown): void;
	readonly events: AsyncIterableIterator<TransferEvent> & AsyncDisposable;
};

/** A queue that stays short however slow its reader is: of each layer it holds the newest word only. */
function createListener(listeners: Set<Listener>, signal: AbortSignal | undefined): Listener {
	let queue: TransferEvent[] = [];
	/** Layer to its place in the queue. */
	const places = new Map<number, number>();
	let outcome: { readonly error: unknown } | undefined;
	let wake: (() => void) | undefined;

	function leave(): void {
		listeners.delete(listener);
		signal?.removeEventListener('abort', onAbort);
		wake?.();
	}
	function onAbort(): void {
		outcome = { error: signal?.reason };
		queue = [];
		leave();
	}
	async function* read(): AsyncGenerator<TransferEvent, undefined, undefined> {
		try {
			while (true) {
				const events = queue;
				queue = [];
				places.clear();
				yield* events;
				if (queue.length > 0) continue;
				if (outcome !== undefined) {
					if (outcome.error !== undefined) throw outcome.error;
					return;
				}
				await new Promise<void>((resolve) => {
					wake = resolve;
				});
			}
		} finally {
			leave();
		}
	}
	const iteration = read();

	const listener: Listener = {
		push(event) {
			if (outcome !== undefined) return;
			const place = event.kind === 'layer' ? places.get(event.layer.index) : undefined;
			if (place !== undefined) queue[place] = event;
			else {
				if (event.kind === 'layer') places.set(event.layer.index, queue.length);
				// A new image counts its layers anew.
				if (event.kind === 'resolved' || event.kind === 'completed') places.clear();
				queue.push(event);
			}
			wake?.();
		},
		end(error) {
			outcome ??= { error };
			wake?.();
		},
		events: {
			next: () => iteration.next(),
			async return() {
				// One who never began has no `finally` to run.
				leave();
				outcome ??= { error: undefined };
				return await iteration.return(undefined);
			},
			[Symbol.asyncIterator]() {
				return this;
			},
			async [Symbol.asyncDispose]() {
				await this.return?.();
			},
		},
	};
	listeners.add(listener);
	if (signal?.aborted) onAbort();
	else signal?.addEventListener('abort', onAbort, { once: true });
	return listener;
}
