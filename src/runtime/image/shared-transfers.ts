/** Equal transfers at the same time are one: its callers come and go, and the last one out ends it. */
import { UnavailableError } from '../../cri/errors.ts';
import type { TransferEvent } from '../../cri/image-transfer.ts';
import { createTransferLog, type TransferLog } from './transfer-log.ts';

/** What a transfer does: it tells the log, and stops soon after the signal says so. */
export type TransferWork = (log: TransferLog, signal: AbortSignal) => Promise<void>;

/** The runtime itself ends, which says nothing about any registry. */
export class ShutdownError extends UnavailableError {}

/** Runs transfers, and ends those that are under way when it is disposed of. */
export type SharedTransfers = AsyncDisposable & {
	/**
	 * Runs the work, or listens to the same work that is under way.
	 * @param key equal keys are equal work; undefined is like no other.
	 */
	run(
		key: string | undefined,
		work: TransferWork,
		options?: { readonly signal?: AbortSignal | undefined },
	): AsyncIterable<TransferEvent>;
};

type Running = {
	readonly log: TransferLog;
	readonly abort: AbortController;
	/** Settles when the work has cleaned up; never rejects. */
	settled: Promise<void>;
	callers: number;
};

/** @param onNote gets every note of every transfer */
export function createSharedTransfers(onNote?: (text: string) => void): SharedTransfers {
	const keyed = new Map<string, Running>();
	const all = new Set<Running>();
	let disposed = false;

	function start(key: string | undefined, work: TransferWork): Running {
		const log = createTransferLog({ onNote });
		const abort = new AbortController();
		const running: Running = { log, abort, settled: Promise.resolve(), callers: 0 };
		running.settled = (async () => {
			try {
				await work(log, abort.signal);
				log.end();
			} catch (error) {
				log.end(error ?? new Error('the transfer failed'));
			} finally {
				all.delete(running);
				forget(key, running);
			}
		})();
		return running;
	}

	function forget(key: string | undefined, running: Running): void {
		if (key !== undefined && keyed.get(key) === running) keyed.delete(key);
	}

	return {
		async *run(key, work, { signal } = {}) {
			signal?.throwIfAborted();
			if (disposed) throw shuttingDown();
			let running = key === undefined ? undefined : keyed.get(key);
			if (running === undefined) {
				running = start(key, work);
				all.add(running);
				if (key !== undefined) keyed.set(key, running);
			}
			const joined = running;
			joined.callers += 1;
			// At the very moment of an abort: the same caller's next try may come with it, and must not join what it gave up.
			const leave = onceOnly(() => {
				joined.callers -= 1;
				if (joined.callers > 0) return;
				// Whoever asks from now on gets a transfer of their own instead of one that is being stopped.
				forget(key, joined);
				joined.abort.abort(signal?.aborted ? signal.reason : undefined);
			});
			signal?.addEventListener('abort', leave);
			try {
				await using events = joined.log.listen(signal);
				yield* events;
			} finally {
				signal?.removeEventListener('abort', leave);
				leave();
				if (joined.callers === 0) await joined.settled;
			}
		},
		async [Symbol.asyncDispose]() {
			disposed = true;
			const running = [...all];
			// Their callers hear why, and may ask again elsewhere or later.
			for (const { abort } of running) abort.abort(shuttingDown());
			await Promise.all(running.map(({ settled }) => settled));
		},
	};
}

function onceOnly(act: () => void): () => void {
	let isDone = false;
	return () => {
		if (!isDone) act();
		isDone = true;
	};
}

function shuttingDown(): ShutdownError {
	return new ShutdownError('the runtime is shutting down');
}
