/** Commands that run in containers with their streams, so that they end with their container. */

/** What must be ended. */
type Killable = { kill(): void };

export type RunningExecs = {
	/** @returns a function that takes it off again */
	add(containerId: string, exec: Killable): () => void;
	/** Kills all of a container. Source: cri-o#6699, a child of an exec that held up the end of its pod */
	killAll(containerId: string): void;
};

export function createRunningExecs(): RunningExecs {
	const running = new Map<string, Set<Killable>>();
	return {
		add(containerId, exec) {
			const execs = running.get(containerId) ?? new Set();
			running.set(containerId, execs.add(exec));
			return () => {
				execs.delete(exec);
				if (execs.size === 0 && running.get(containerId) === execs) running.delete(containerId);
			};
		},
		killAll(containerId) {
			for (const exec of running.get(containerId) ?? []) exec.kill();
		},
	};
}
