/**
 * How much of one kind of work is done at once. Each CNI plugin is a process that starts others, and fifty pods that end together
 * would leave the runtime itself no processor to answer on; bundles of containers are prepared on one thread.
 */

/** Hands out turns, first come, first served. */
export type Turns = {
	/**
	 * Runs the work when it is its turn. A limit of courtesy: whoever has waited `longestWaitMs` goes on without a turn.
	 * @throws the signal's reason while it waits, afterwards whatever the work throws
	 */
	run<Result>(
		work: () => Promise<Result>,
		options: {
			readonly longestWaitMs: number;
			/** It continues what has had a turn before, and goes ahead of all that has not begun: else fifty would end together, and late. */
			readonly continues?: boolean | undefined;
			readonly signal?: AbortSignal | undefined;
		},
	): Promise<Result>;
};

const usualAtOnce = 8;
const usualPatienceMs = 2000;

/**
 * Makes them.
 * @param limits.patienceMs work that takes longer gives its turn up while it goes on: a plugin that hangs holds up nobody
 */
export function createTurns({
	atOnce = usualAtOnce,
	patienceMs = usualPatienceMs,
}: {
	readonly atOnce?: number | undefined;
	readonly patienceMs?: number | undefined;
} = {}): Turns {
	let free = atOnce;
	const newcomers = new Set<() => void>();
	const begun = new Set<() => void>();

	function giveBack(): void {
		const line = begun.size > 0 ? begun : newcomers;
		const [next] = line;
		if (next === undefined) {
			free += 1;
			return;
		}
		line.delete(next);
		next();
	}

	/** @returns true with a turn, false after the longest wait */
	async function wait(
		line: Set<() => void>,
		longestWaitMs: number,
		signal: AbortSignal | undefined,
	): Promise<boolean> {
		if (free > 0) {
			free -= 1;
			return true;
		}
		const { promise, resolve, reject } = Promise.withResolvers<boolean>();
		const turn = () => resolve(true);
		const onAbort = () => {
			if (line.delete(turn)) reject(signal?.reason);
		};
		const late = setTimeout(() => {
			if (line.delete(turn)) resolve(false);
		}, longestWaitMs);
		line.add(turn);
		signal?.addEventListener('abort', onAbort, { once: true });
		try {
			return await promise;
		} finally {
			clearTimeout(late);
			signal?.removeEventListener('abort', onAbort);
		}
	}

	return {
		async run(work, { longestWaitMs, continues = false, signal }) {
			signal?.throwIfAborted();
			let holds = await wait(continues ? begun : newcomers, longestWaitMs, signal);
			const leave = () => {
				if (holds) giveBack();
				holds = false;
			};
			const patience = setTimeout(leave, patienceMs);
			try {
				return await work();
			} finally {
				clearTimeout(patience);
				leave();
			}
		},
	};
}
