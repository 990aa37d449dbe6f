/** What concerns one pod happens one after the other. */
export type PodQueues = {
	/** Runs the work when all earlier work for the same id has ended, however it ended. */
	run<Result>(id: string, work: () => Promise<Result>): Promise<Result>;
	/** Everything that was asked for until now has ended. */
	idle(): Promise<void>;
};

/** Keeps nothing of ids that have nothing to do. */
export function createPodQueues(): PodQueues {
	const tails = new Map<string, Promise<void>>();
	return {
		run(id, work) {
			const before = tails.get(id) ?? Promise.resolve();
			const done = before.then(work, work);
			const tail = done.then(
				() => undefined,
				() => undefined,
			);
			tails.set(id, tail);
			void tail.then(() => {
				if (tails.get(id) === tail) tails.delete(id);
			});
			return done;
		},
		async idle() {
			await Promise.all(tails.values());
		},
	};
}
