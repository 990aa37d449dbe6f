/** How long a call that makes something may go on after an interrupt. */
const finishWithinMs = 15_000;

/**
 * A signal that follows another one later. A call that makes something is let come to its end: cut short, the runtime goes
 * on making it, and an undoing that looks meanwhile misses it.
 */
export function letFinish(signal: AbortSignal): AbortSignal {
	const late = new AbortController();
	const follow = () => void setTimeout(() => late.abort(signal.reason), finishWithinMs).unref();
	if (signal.aborted) late.abort(signal.reason);
	else signal.addEventListener('abort', follow, { once: true });
	return late.signal;
}
