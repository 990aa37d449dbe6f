import { setTimeout as delay } from 'node:timers/promises';

/** How long a registry may make us wait, and how often it is asked. Milliseconds. */
export type Patience = {
	/** Until a connection stands, TLS included. */
	readonly connectTimeoutMs: number;
	/** Without a single byte while we wait for one. */
	readonly idleTimeoutMs: number;
	readonly rateLimit: { readonly tries: number; readonly firstMs: number; readonly longestMs: number };
	/** For 5xx and lost connections. */
	readonly failure: { readonly tries: number; readonly firstMs: number; readonly longestMs: number };
};

/** What containers/image does for 429, and a few tries of our own for what fails by chance. */
export const defaultPatience: Patience = {
	connectTimeoutMs: 10_000,
	idleTimeoutMs: 60_000,
	rateLimit: { tries: 5, firstMs: 2000, longestMs: 60_000 },
	failure: { tries: 3, firstMs: 500, longestMs: 10_000 },
};

/**
 * Reads Retry-After: seconds, or an HTTP date.
 *
 * @returns milliseconds from `now`; undefined where there is none, it makes no sense or lies in the past.
 * Source: RFC 9110 §10.2.3.
 */
export function parseRetryAfter(header: string | undefined, now: number): number | undefined {
	const text = header?.trim() ?? '';
	if (/^\d{1,9}$/.test(text)) return Number(text) * 1000;
	// Date.parse reads far more than HTTP dates, a bare year among them.
	if (!/^[A-Z][a-z]{2,8},? /.test(text)) return undefined;
	const ms = Date.parse(text) - now;
	return ms > 0 ? ms : undefined;
}

/** How long to wait before try `attempt + 1`, where `attempt` (from 1) failed. */
export function waitBeforeRetry(
	attempt: number,
	{ firstMs, longestMs }: { readonly firstMs: number; readonly longestMs: number },
	retryAfterMs?: number | undefined,
): number {
	return Math.min(retryAfterMs ?? firstMs * 2 ** (attempt - 1), longestMs);
}

/** Waits; a stand-in in tests. @throws the reason of the signal */
export type Sleep = (ms: number, options: { readonly signal?: AbortSignal | undefined }) => Promise<void>;

/** The real one. */
export const sleep: Sleep = async (ms, { signal }) => {
	try {
		await delay(ms, undefined, signal === undefined ? {} : { signal });
	} catch (error) {
		signal?.throwIfAborted();
		throw error;
	}
};
