/**
 * The CRI tells nothing of a pull's progress. What can be seen is how much the image store grows meanwhile: an
 * estimate, shared by everything that is pulled or removed at the time, and shown as such.
 */
import type { CriClient } from '../../cri/ports.ts';
import type { EffectHost } from './effect-host.ts';

/** Watches the store while any pull is under way. */
export type StoreGrowth = Disposable & { readonly watch: (pullId: number) => void };

async function usedBytes(client: CriClient, signal: AbortSignal): Promise<bigint> {
	const { imageFilesystems } = await client.images.imageFsInfo({ signal });
	return imageFilesystems.reduce((sum, { usedBytes: used }) => sum + (used ?? 0n), 0n);
}

/** Starts the watch; it asks nothing until a pull is watched, and stops asking when none is left. */
export function startStoreGrowth(host: EffectHost, everyMs: number): StoreGrowth {
	/** Bytes in use when the pull began; undefined until the first answer. */
	const baselines = new Map<number, bigint | undefined>();
	const stop = new AbortController();
	const signal = AbortSignal.any([stop.signal, host.signal]);
	let asking = false;
	let timer: NodeJS.Timeout | undefined;

	function forgetEnded(): void {
		const { tasks } = host.getState().pulls;
		for (const id of baselines.keys()) {
			if (tasks.find((task) => task.id === id)?.state !== 'running') baselines.delete(id);
		}
	}

	async function ask(): Promise<void> {
		timer = undefined;
		const client = host.client();
		forgetEnded();
		if (asking || signal.aborted || baselines.size === 0) return;
		asking = true;
		try {
			if (client?.supports('imageFsInfo')) {
				const used = await usedBytes(client, signal);
				forgetEnded();
				for (const [id, baseline] of baselines) {
					if (baseline === undefined) baselines.set(id, used);
					else if (used > baseline) {
						host.dispatch('pulls', { kind: 'storeGrew', id, growthBytes: used - baseline });
					}
				}
			}
		} catch {
			// No estimate this time; the pull itself says if something is wrong.
		} finally {
			asking = false;
			if (!signal.aborted && baselines.size > 0) timer ??= setTimeout(() => void ask(), everyMs);
		}
	}

	return {
		watch(pullId) {
			baselines.set(pullId, undefined);
			clearTimeout(timer);
			void ask();
		},
		[Symbol.dispose]() {
			stop.abort();
			clearTimeout(timer);
		},
	};
}
