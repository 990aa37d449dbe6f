/**
 * Container events make the lists fresh at once, where nobody can be robbed by our listening: runtimes used to
 * have one channel for all subscribers, and each event reached only one of them, so that a kubelet missed some.
 * Source: containerd issue 7318 (fixed in 2.0 by PR 9661), CRI-O issue 6466.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { CriClient } from '../../cri/ports.ts';

/** Least time between two refreshes that events cause. */
const coalesceMs = 150;
/** A stream that ends sooner than this was refused politely: CRI-O does so when events are off. */
const refusedWithinMs = 2_000;
const againMs = 5_000;

/** containerd 2 gives every subscriber a channel of its own. */
function everyoneGetsEvents(runtimeName: string, runtimeVersion: string): boolean {
	const major = Number(/^v?(\d+)\./.exec(runtimeVersion)?.[1] ?? 0);
	return runtimeName === 'containerd' && major >= 2;
}

/**
 * Listens until the signal ends it, or for good gives up where events are unknown, off, or could be stolen.
 * Never throws: polling goes on in every case.
 */
export async function subscribeContainerEvents(options: {
	readonly client: CriClient;
	readonly signal: AbortSignal;
	readonly mayBeServedByKubelet: () => Promise<boolean>;
	readonly onChange: () => void;
}): Promise<void> {
	const { client, signal } = options;
	let timer: NodeJS.Timeout | undefined;
	signal.addEventListener('abort', () => clearTimeout(timer), { once: true });
	while (!signal.aborted) {
		const startedAt = performance.now();
		try {
			if (await options.mayBeServedByKubelet()) {
				const { runtimeName, runtimeVersion } = await client.runtime.version({ signal });
				if (!everyoneGetsEvents(runtimeName, runtimeVersion)) return;
			}
			for await (const _ of client.runtime.containerEvents({ signal })) {
				timer ??= setTimeout(() => {
					timer = undefined;
					options.onChange();
				}, coalesceMs);
			}
			if (performance.now() - startedAt < refusedWithinMs) return;
		} catch {
			if (signal.aborted || !client.supports('containerEvents')) return;
		}
		await delay(againMs, undefined, { signal }).catch(() => undefined);
	}
}
