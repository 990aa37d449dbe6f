/** Space of writable layers. They change all the time and may be large, so they are measured seldom and one by one. */

import { nowNanos } from '../../sys/clock.ts';
import { measureTree, type Usage } from '../image-usage.ts';
import type { WaitOptions } from '../model.ts';

export type LayerUsage = Usage & { readonly measuredAtNanos: bigint };

export type LayerMeter = {
	/** @param dir of the layer's files */
	measure(layerId: string, dir: string, options?: WaitOptions): Promise<LayerUsage>;
	/** To be called when a layer goes. */
	forget(layerId: string): void;
};

/** What was measured is good for this long, and for ten times as long as the measuring took. */
const freshMs = 10_000;
const restFactor = 10;
/** Who asks for what is no longer fresh waits so long for a new figure, and gets the old one then. */
const patienceMs = 250;

type Known = { readonly usage: LayerUsage; readonly freshUntilMs: number };

/** @param nowMs a clock that never goes back */
export function createLayerMeter(
	nowMs: () => number = () => performance.now(),
	measure: (dir: string) => Promise<Usage> = measureTree,
): LayerMeter {
	const known = new Map<string, Known>();
	const running = new Map<string, Promise<LayerUsage>>();
	let queue: Promise<unknown> = Promise.resolve();

	const begin = (layerId: string, dir: string): Promise<LayerUsage> => {
		const before = running.get(layerId);
		if (before !== undefined) return before;
		const work = queue.then(async () => {
			const startedMs = nowMs();
			const usage = { ...(await measure(dir)), measuredAtNanos: nowNanos() };
			const endedMs = nowMs();
			const restMs = Math.max(freshMs, restFactor * (endedMs - startedMs));
			// Unless it was forgotten meanwhile.
			if (running.get(layerId) === work) known.set(layerId, { usage, freshUntilMs: endedMs + restMs });
			return usage;
		});
		running.set(layerId, work);
		queue = work.catch(() => undefined);
		const done = (): void => {
			if (running.get(layerId) === work) running.delete(layerId);
		};
		work.then(done, done);
		return work;
	};

	return {
		async measure(layerId, dir, { signal } = {}) {
			signal?.throwIfAborted();
			const last = known.get(layerId);
			if (last !== undefined && nowMs() < last.freshUntilMs) return last.usage;
			const work = begin(layerId, dir);
			if (last === undefined) return unlessAborted(work, signal);
			return soonOr(work, last.usage);
		},
		forget(layerId) {
			known.delete(layerId);
			running.delete(layerId);
		},
	};
}

/** The work goes on for the next who asks. */
function unlessAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
	if (signal === undefined) return work;
	return new Promise((resolve, reject) => {
		const abort = (): void => reject(signal.reason);
		signal.addEventListener('abort', abort, { once: true });
		work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
	});
}

function soonOr<T>(work: Promise<T>, old: T): Promise<T> {
	return new Promise((resolve, reject) => {
		const timer = setTimeout(() => resolve(old), patienceMs);
		work.then(resolve, reject).finally(() => clearTimeout(timer));
	});
}
