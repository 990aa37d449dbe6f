/** Puts the operations on one object in order. */

/** What waits for its turn may give up; what runs is told by its own signal. */
export type OperationQueue = {
	/**
	 * Runs `work` after everything that was queued for the key before. @throws what `work` throws, and the reason of the
	 * signal where it is aborted before the turn came; `work` is not run then.
	 */
	run<Result>(
		key: string,
		work: () => Promise<Result>,
		options?: { readonly signal?: AbortSignal | undefined },
	): Promise<Result>;
	/** True while something runs or waits for the key. */
	isBusy(key: string): boolean;
};

export function createOperationQueue(): OperationQueue {
	const last = new Map<string, Promise<unknown>>();
	return {
		async run(key, work, { signal } = {}) {
			signal?.throwIfAborted();
			const before = last.get(key);
			const mine = Promise.withResolvers<void>();
			// Whoever comes next waits for us, also where we gave up waiting ourselves.
			const turn = (before ?? Promise.resolve()).then(() => mine.promise);
			last.set(key, turn);
			turn.then(() => {
				if (last.get(key) === turn) last.delete(key);
			});
			try {
				if (before !== undefined) await untilAborted(before, signal);
				return await work();
			} finally {
				mine.resolve();
			}
		},
		isBusy: (key) => last.has(key),
	};
}

/** Waits for a promise, but no longer than the signal allows. @throws the signal's reason */
export async function untilAborted<Result>(
	promise: Promise<Result>,
	signal: AbortSignal | undefined,
): Promise<Result> {
	if (signal === undefined) return promise;
	signal.throwIfAborted();
	const aborted = Promise.withResolvers<never>();
	const abort = () => aborted.reject(signal.reason);
	signal.addEventListener('abort', abort, { once: true });
	try {
		return await Promise.race([promise, aborted.promise]);
	} finally {
		signal.removeEventListener('abort', abort);
	}
}
