/**
 * Keeps the lists fresh: each kind on its own beat, one request of a kind at a time, slower while the runtime
 * is slow (twice the wait after an answer that took over 500 ms) and while it does not answer at all.
 */
import { errorMessage, isAbort, isUnimplemented } from '../../cri/errors.ts';
import type { CriClient } from '../../cri/ports.ts';
import type { EffectHost } from './effect-host.ts';

/** One kind of answer and how often it is asked for. */
type Beat = {
	readonly name: string;
	readonly everyMs: number;
	readonly ask: (client: CriClient, signal: AbortSignal) => Promise<void>;
};

/** Polling of one runtime; `refresh` asks for everything now. */
export type Poller = Disposable & { readonly refresh: () => void };

const slowAnswerMs = 500;
const longestWaitMs = 30_000;

/** Starts polling a runtime. Everything it learns is dispatched; it throws nothing. */
export function startPoller(
	host: EffectHost,
	client: CriClient,
	options: {
		readonly listsMs: number;
		readonly statsMs: number;
		/** Bytes that the file system at a path can hold; undefined where that cannot be known. */
		readonly capacityOf: (path: string) => Promise<bigint | undefined>;
	},
): Poller {
	const stop = new AbortController();
	const signal = AbortSignal.any([stop.signal, host.signal]);
	const wakeUps = new Map<string, () => void>();

	function answered(): void {
		host.dispatch('connection', { kind: 'runtimeAnswered', atMs: Date.now() });
	}

	const beats: readonly Beat[] = [
		{
			name: 'pods',
			everyMs: options.listsMs,
			async ask() {
				const pods = await client.runtime.listPodSandbox({}, { signal });
				host.dispatch('inventory', { kind: 'podSandboxesRefreshed', pods, atMs: Date.now() });
				answered();
			},
		},
		{
			name: 'containers',
			everyMs: options.listsMs,
			async ask() {
				const containers = await client.runtime.listContainers({}, { signal });
				host.dispatch('inventory', { kind: 'containersRefreshed', containers, atMs: Date.now() });
				answered();
			},
		},
		{
			name: 'images',
			everyMs: options.listsMs * 2,
			async ask() {
				const images = await client.images.listImages({}, { signal });
				host.dispatch('inventory', { kind: 'imagesRefreshed', images, atMs: Date.now() });
			},
		},
		{
			name: 'stats',
			everyMs: options.statsMs,
			async ask() {
				if (!client.supports('listContainerStats')) return;
				const stats = await client.runtime.listContainerStats({}, { signal });
				host.dispatch('stats', { kind: 'statsReceived', stats });
			},
		},
		{
			name: 'status',
			everyMs: 10_000,
			async ask() {
				host.dispatch('connection', {
					kind: 'versionReceived',
					version: await client.runtime.version({ signal }),
				});
				const status = await client.runtime.status({ verbose: false }, { signal });
				host.dispatch('connection', { kind: 'runtimeStatusReceived', status });
			},
		},
		{
			name: 'imageFs',
			everyMs: 15_000,
			async ask() {
				const { imageFilesystems } = await client.images.imageFsInfo({ signal });
				const first = imageFilesystems[0];
				const capacityBytes = first ? await options.capacityOf(first.mountpoint) : undefined;
				host.dispatch('connection', {
					kind: 'imageFsReceived',
					filesystems: imageFilesystems,
					capacityBytes,
				});
			},
		},
	];

	async function pause(name: string, ms: number): Promise<void> {
		const { promise, resolve } = Promise.withResolvers<void>();
		const timer = setTimeout(resolve, ms);
		wakeUps.set(name, resolve);
		signal.addEventListener('abort', () => resolve(), { once: true });
		await promise;
		clearTimeout(timer);
		wakeUps.delete(name);
	}

	async function keep(beat: Beat): Promise<void> {
		let failures = 0;
		while (!signal.aborted) {
			const startedAt = performance.now();
			let wait = beat.everyMs;
			try {
				await beat.ask(client, signal);
				failures = 0;
				if (performance.now() - startedAt > slowAnswerMs) wait *= 2;
			} catch (error) {
				if (signal.aborted || isAbort(error)) return;
				if (!isUnimplemented(error)) {
					failures++;
					wait = Math.min(longestWaitMs, beat.everyMs * 2 ** Math.min(failures, 4));
					// Only the lists say that the runtime is silent: a runtime without stats is not a dead one.
					if (beat.name === 'pods' || beat.name === 'containers') {
						host.dispatch('connection', { kind: 'runtimeSilent', problem: errorMessage(error) });
						wait = Math.min(wait, 5_000);
					}
				}
			}
			await pause(beat.name, wait);
		}
	}

	for (const beat of beats) void keep(beat);
	return {
		refresh: () => {
			for (const wake of [...wakeUps.values()]) wake();
		},
		[Symbol.dispose]: () => stop.abort(),
	};
}
