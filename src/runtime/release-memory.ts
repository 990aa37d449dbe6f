/** Gives memory back after each spell of work, without getting into its way. */

/** Soon enough for whoever looks, and seldom enough to cost nothing. */
const everyMs = 10_000;

/**
 * Calls `release` some seconds after the start, and then at most every ten seconds, where something was done since.
 * Disposing of it ends that.
 */
export function releaseAfterWork(release: () => void): Disposable & {
	/** Something is done: there will be something to give back. */
	readonly touch: () => void;
} {
	let worked = true;
	const timer = setInterval(() => {
		if (!worked) return;
		worked = false;
		release();
	}, everyMs);
	timer.unref();
	return {
		touch: () => {
			worked = true;
		},
		[Symbol.dispose]: () => clearInterval(timer),
	};
}
