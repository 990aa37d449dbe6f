/**
 * Asks for the status of every pod and container once per state it is in: exit codes, limits, commands, IPs.
 * Few at a time, newest problems first, so that a full node neither waits for nor is burdened by them.
 */
import { criErrorCode } from '../../cri/errors.ts';
import type { CriClient } from '../../cri/ports.ts';
import {
	type ContainerFacts,
	containerFactsOf,
	type PodSandboxFacts,
	podSandboxFactsOf,
} from '../resources/facts.ts';
import type { EffectHost } from './effect-host.ts';

const concurrency = 4;
/** Facts are told to the state in batches, so that a full node is drawn a few times and not hundreds. */
const batchMs = 150;
/** Between two batches the loop rests so many times as long as the last one took: keys come first on a full node. */
const restFactor = 20;

/** Watches the inventory; call `follow` after every change of it. */
export type FactsFetcher = Disposable & { readonly follow: () => void };

/** A status that was refused is asked for again after so long: the object may be gone, or the runtime at odds with it. */
const askAgainMs = 30_000;

/** Starts fetching for one runtime. */
export function startFactsFetcher(host: EffectHost, client: CriClient): FactsFetcher {
	const stop = new AbortController();
	const signal = AbortSignal.any([stop.signal, host.signal]);
	/** What was asked already: id → state it was asked for. */
	const asked = new Map<string, string>();
	const queue: { readonly id: string; readonly ask: () => Promise<void> }[] = [];
	/** When to ask again for what failed, by id, on the clock of `performance.now`. */
	const failedUntil = new Map<string, number>();
	let running = 0;
	let pods: PodSandboxFacts[] = [];
	let containers: ContainerFacts[] = [];
	let timer: NodeJS.Timeout | undefined;
	let tellingMs = 0;

	function tell(): void {
		timer = undefined;
		if (signal.aborted) return;
		const startedAt = performance.now();
		host.dispatch('inventory', { kind: 'factsReceived', pods, containers });
		tellingMs = performance.now() - startedAt;
		pods = [];
		containers = [];
	}

	function drain(): void {
		while (running < concurrency) {
			const job = queue.shift();
			if (!job) return;
			running++;
			void job
				.ask()
				.catch((error: unknown) => {
					// The object may be gone by now, or the runtime with it; the lists themselves say so.
					asked.delete(job.id);
					if (criErrorCode(error) !== 'unavailable') failedUntil.set(job.id, performance.now() + askAgainMs);
				})
				.finally(() => {
					running--;
					if (pods.length + containers.length > 0)
						timer ??= setTimeout(tell, Math.max(batchMs, tellingMs * restFactor));
					if (!signal.aborted) drain();
				});
		}
	}

	function isDue(id: string, state: string): boolean {
		return asked.get(id) !== state && (failedUntil.get(id) ?? 0) <= performance.now();
	}

	function follow(): void {
		if (signal.aborted) return;
		const { inventory } = host.getState();
		const live = new Set<string>();
		for (const container of inventory.containers) {
			live.add(container.id);
			if (inventory.departed.has(container.id) || !isDue(container.id, container.state)) continue;
			asked.set(container.id, container.state);
			const ask = async (): Promise<void> => {
				const status = await client.runtime.containerStatus(container.id, { verbose: true }, { signal });
				containers.push(containerFactsOf(status));
			};
			// Who looks at a node looks for what died: exited containers are asked for first.
			if (container.state === 'exited') queue.unshift({ id: container.id, ask });
			else queue.push({ id: container.id, ask });
		}
		for (const pod of inventory.pods) {
			live.add(pod.id);
			if (inventory.departed.has(pod.id) || !isDue(pod.id, pod.state)) continue;
			asked.set(pod.id, pod.state);
			const ask = async (): Promise<void> => {
				const status = await client.runtime.podSandboxStatus(pod.id, { verbose: true }, { signal });
				pods.push(podSandboxFactsOf(status));
			};
			queue.push({ id: pod.id, ask });
		}
		for (const known of [asked, failedUntil]) {
			for (const id of known.keys()) if (!live.has(id)) known.delete(id);
		}
		drain();
	}

	return {
		follow,
		[Symbol.dispose]() {
			stop.abort();
			clearTimeout(timer);
			queue.length = 0;
		},
	};
}
