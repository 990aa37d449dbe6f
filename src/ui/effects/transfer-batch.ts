/** Gathers the events of a transfer between frames: thousands may come in a second, and of a layer only the newest counts. */
import type { TransferEvent } from '../../cri/image-transfer.ts';

/** Events that wait to be told. */
export type TransferBatch = Disposable & {
	readonly add: (event: TransferEvent) => void;
	/** Tells what waits now. */
	readonly flush: () => void;
};

/** Notes that wait at most; older ones of one pause give way. */
const waitingNotes = 100;

/**
 * Makes an empty batch. The first event is told at once, later ones together, `everyMs` apart at least. Disposing of it
 * drops what waits.
 */
export function createTransferBatch(
	tell: (events: readonly TransferEvent[]) => void,
	everyMs: number,
): TransferBatch {
	let others: TransferEvent[] = [];
	const layers = new Map<number, TransferEvent>();
	let timer: NodeJS.Timeout | undefined;

	function flush(): void {
		const events = [...others, ...layers.values()];
		others = [];
		layers.clear();
		if (events.length > 0) tell(events);
	}

	function pause(): void {
		timer = setTimeout(() => {
			timer = undefined;
			if (others.length + layers.size === 0) return;
			flush();
			pause();
		}, everyMs);
	}

	return {
		add(event) {
			if (event.kind === 'layer') layers.set(event.layer.index, event);
			else {
				// What was said of layers before is about what was found before.
				if (event.kind === 'resolved') {
					layers.clear();
					others = others.filter(({ kind }) => kind !== 'resolved');
				}
				others.push(event);
				if (others.length > waitingNotes) others.splice(others[0]?.kind === 'note' ? 0 : 1, 1);
			}
			if (timer) return;
			flush();
			pause();
		},
		flush,
		[Symbol.dispose]() {
			clearTimeout(timer);
			timer = undefined;
		},
	};
}
