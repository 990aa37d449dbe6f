/** Ends a runtime that was started on demand and that nobody needs any more. */

/** What keeps it. */
export type Idleness = {
	/** Clients that are connected, calls under way, pods that are ready. */
	readonly isNeeded: () => boolean;
	/** How long nobody may have needed it; Infinity: it never leaves. */
	readonly afterMs: number;
	/** Milliseconds that only go forward. */
	readonly now?: () => number;
};

/** Looks several times within the span, so that a short visit is seen or does not matter. */
const looksPerSpan = 10;

/** Calls `leave` once, when the time has come. Disposing of it ends the looking. */
export function leaveWhenIdle(
	{ isNeeded, afterMs, now = () => performance.now() }: Idleness,
	leave: () => void,
): Disposable & { /** Somebody has asked for something. */ readonly touch: () => void } {
	if (afterMs === Number.POSITIVE_INFINITY) {
		return { touch: () => undefined, [Symbol.dispose]: () => undefined };
	}
	let neededAtMs = now();
	const touch = () => {
		neededAtMs = now();
	};
	const timer = setInterval(
		() => {
			if (isNeeded()) touch();
			else if (now() - neededAtMs >= afterMs) {
				clearInterval(timer);
				leave();
			}
		},
		Math.max(100, Math.ceil(afterMs / looksPerSpan)),
	);
	timer.unref();
	return { touch, [Symbol.dispose]: () => clearInterval(timer) };
}
