/** Keys come first: work that may take a frame or two waits until the person pauses, but not for ever. */
export type KeyQuiet = {
	/** A key was pressed. */
	readonly pressed: () => void;
	/** Resolves once no key has come for a moment, at the latest after `longestWaitMs`; at once when the signal aborts. */
	readonly wait: (signal: AbortSignal) => Promise<void>;
};

/** A pause that is longer than that between the keys of somebody who types or holds one down. */
const pauseMs = 350;
/** Who holds a key down longer sees lists of this age meanwhile. */
const longestWaitMs = 5_000;

/** @param now milliseconds of a clock that only goes forward. */
export function createKeyQuiet(now: () => number): KeyQuiet {
	let pressedAt = Number.NEGATIVE_INFINITY;
	return {
		pressed: () => {
			pressedAt = now();
		},
		async wait(signal) {
			const latest = now() + longestWaitMs;
			for (;;) {
				const left = Math.min(pressedAt + pauseMs, latest) - now();
				if (left <= 0 || signal.aborted) return;
				const { promise, resolve } = Promise.withResolvers<void>();
				const timer = setTimeout(resolve, left);
				signal.addEventListener('abort', () => resolve(), { once: true });
				await promise;
				clearTimeout(timer);
			}
		},
	};
}
