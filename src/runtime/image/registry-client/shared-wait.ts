/**
 * Waits for a promise that several callers share, for as long as one's own signal allows; the work itself goes on for the
 * others.
 *
 * @throws the reason of the signal, or what the promise throws
 */
export async function waitWith<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
	if (signal === undefined) return work;
	signal.throwIfAborted();
	const { promise, reject } = Promise.withResolvers<never>();
	const abort = () => reject(signal.reason);
	signal.addEventListener('abort', abort, { once: true });
	try {
		return await Promise.race([work, promise]);
	} finally {
		signal.removeEventListener('abort', abort);
	}
}
