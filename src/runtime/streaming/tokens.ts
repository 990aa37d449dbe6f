import { randomBytes } from 'node:crypto';
import { ResourceExhaustedError } from '../../cri/errors.ts';

/** 192 bits: nobody on the machine can guess the URL of somebody else's session. */
const tokenBytes = 24;

/** Requests that wait for their client, each under a word that only that client was told. */
export type Tokens<T> = {
	/** @throws ResourceExhaustedError while too many wait */
	issue(request: T): string;
	/** Takes a request out; undefined for a token that is unknown, used or expired. */
	take(token: string): T | undefined;
};

/** @param options.nowMs a clock that only goes forward */
export function createTokens<T>(options: {
	readonly limit: number;
	readonly ttlMs: number;
	readonly nowMs: () => number;
}): Tokens<T> {
	const { limit, ttlMs, nowMs } = options;
	// In the order in which they expire, so no timer is needed.
	const waiting = new Map<string, { readonly request: T; readonly expiresAtMs: number }>();
	const dropExpired = () => {
		const now = nowMs();
		for (const [token, { expiresAtMs }] of waiting) {
			if (expiresAtMs > now) return;
			waiting.delete(token);
		}
	};
	return {
		issue(request) {
			dropExpired();
			if (waiting.size >= limit) {
				throw new ResourceExhaustedError(
					`cannot prepare a stream: ${limit} URLs that were given out wait for their clients`,
				);
			}
			const token = randomBytes(tokenBytes).toString('base64url');
			waiting.set(token, { request, expiresAtMs: nowMs() + ttlMs });
			return token;
		},
		take(token) {
			dropExpired();
			const entry = waiting.get(token);
			waiting.delete(token);
			return entry?.request;
		},
	};
}
