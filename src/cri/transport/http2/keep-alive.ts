/** Finds out that a client is dead or stopped: one that has said nothing for long is asked, and must answer. */

/** How patient one is, in milliseconds. */
export type KeepAliveTimes = { readonly quietMs: number; readonly answerMs: number };

/** Runs until it is disposed of; keeps no process alive. */
export type KeepAlive = Disposable & {
	/** Something came. */
	readonly heard: () => void;
};

/**
 * @param ask sends a ping
 * @param giveUp called when nothing came after it
 */
export function keepAlive(times: KeepAliveTimes, ask: () => void, giveUp: () => void): KeepAlive {
	let heardSince = true;
	let asked: NodeJS.Timeout | undefined;
	const timer = setInterval(() => {
		if (heardSince || asked !== undefined) {
			heardSince = false;
			return;
		}
		ask();
		asked = setTimeout(() => {
			asked = undefined;
			if (!heardSince) giveUp();
		}, times.answerMs);
		asked.unref();
	}, times.quietMs);
	timer.unref();
	return {
		heard: () => {
			heardSince = true;
		},
		[Symbol.dispose]: () => {
			clearInterval(timer);
			clearTimeout(asked);
		},
	};
}
