/** Stops containers: the stop signal, the grace, then SIGKILL until it helps. */
import { setTimeout as sleep } from 'node:timers/promises';
import { errorMessage } from '../../cri/errors.ts';
import { untilAborted } from '../store/operation-queue.ts';
import { containerState } from '../store/states.ts';
import { containerKey, type PodParts } from './pod-parts.ts';

export type ContainerHalts = {
	/**
	 * Resolves when the container has ended. A stop that is under way is joined, and hurried where this one is shorter.
	 * Whoever gives up waiting does not call it off. @throws the signal's reason
	 * Source: cri-o#9754, a restarted kubelet behind a grace of a day
	 */
	stop(id: string, graceMs: number, options?: { readonly signal?: AbortSignal | undefined }): Promise<void>;
	/** True from the first signal on: nothing new may be started in it. */
	isStopping(id: string): boolean;
};

type Halt = { killAtMs: number; hurried: PromiseWithResolvers<void>; readonly done: Promise<void> };

/** How often a process is looked at while nothing is heard of it, and how far apart SIGKILLs are at last. */
const lookEveryMs = 250;
const firstKillPauseMs = 20;
const lastKillPauseMs = 120_000;

export function createContainerHalts(
	parts: PodParts,
	now: () => number = () => performance.now(),
): ContainerHalts {
	const halts = new Map<string, Halt>();

	const signal = async (id: string, name: string): Promise<void> => {
		const record = parts.containers.get(id);
		if (record === undefined) return;
		try {
			await parts.processes.kill(id, parts.handlers.of(record), name);
		} catch (error) {
			// It may be gone, or the runtime may be broken; the processes themselves tell which.
			parts.log('warn', 'cannot signal a container', {
				object: id,
				signal: name,
				error: errorMessage(error),
			});
		}
	};

	/** Waits for the end, at most until the given time or until somebody hurries. @returns true where it has ended */
	const endsBy = async (id: string, halt: Halt, timeMs: () => number): Promise<boolean> => {
		for (;;) {
			const { finishedAtNanos, init } = parts.containers.get(id) ?? { finishedAtNanos: 0n, init: undefined };
			if (finishedAtNanos !== undefined) return true;
			if (init !== undefined && !parts.processes.isAlive(init)) {
				await parts.ends.note(id);
				continue;
			}
			const remainingMs = timeMs() - now();
			if (remainingMs <= 0) return false;
			const leave = new AbortController();
			await Promise.race([
				parts.ends.ended(id, { signal: leave.signal }),
				halt.hurried.promise,
				sleep(Math.min(remainingMs, lookEveryMs), undefined, { signal: leave.signal }),
			]).finally(() => leave.abort());
			halt.hurried = Promise.withResolvers();
		}
	};

	const run = async (id: string, halt: Halt): Promise<void> => {
		// A start under way comes first: it is stopped then.
		await parts.queue.run(containerKey(id), async () => undefined);
		const record = parts.containers.get(id);
		if (record === undefined || record.finishedAtNanos !== undefined) return;
		if (containerState(record) === 'running' && halt.killAtMs > now()) {
			await signal(id, record.stopSignal || 'SIGTERM');
			if (await endsBy(id, halt, () => halt.killAtMs)) return;
		}
		for (let pauseMs = firstKillPauseMs; ; pauseMs = Math.min(pauseMs * 2, lastKillPauseMs)) {
			await signal(id, 'SIGKILL');
			const untilMs = now() + pauseMs;
			if (await endsBy(id, halt, () => untilMs)) return;
		}
	};

	return {
		async stop(id, graceMs, { signal } = {}) {
			const killAtMs = now() + graceMs;
			const known = halts.get(id);
			if (known !== undefined) {
				if (killAtMs < known.killAtMs) {
					known.killAtMs = killAtMs;
					known.hurried.resolve();
				}
				return untilAborted(known.done, signal);
			}
			const done = Promise.withResolvers<void>();
			const halt: Halt = { killAtMs, hurried: Promise.withResolvers(), done: done.promise };
			halts.set(id, halt);
			run(id, halt)
				.finally(() => {
					parts.execs.killAll(id);
					halts.delete(id);
				})
				.then(done.resolve, done.reject);
			return untilAborted(done.promise, signal);
		},
		isStopping: (id) => halts.has(id),
	};
}
