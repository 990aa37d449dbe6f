/**
 * Keeps the lists fresh: each kind on its own beat, one request of a kind at a time, slower while the runtime
 * is slow (twice the wait after an answer that took over 500 ms) and while it does not answer at all.
 */
import { errorMessage, isUnimplemented } from '../../cri/errors.ts';
import type { CriClient } from '../../cri/ports.ts';
import { parseStatusLimits } from '../../cri/status-limits.ts';
import type { ListId } from '../store/state.ts';
import type { EffectHost } from './effect-host.ts';

/** One kind of answer and how often it is asked for. */
type Beat = {
	readonly name: string;
	/** The list that it fills: only the lists say that the runtime is silent; one without stats is not dead. */
	readonly list?: ListId;
	readonly everyMs: number;
	/** How long to leave the way to those that the first look at the screen is for. */
	readonly firstAfterMs?: number;
	readonly ask: (client: CriClient, signal: AbortSignal) => Promise<void>;
};

/** Bytes that the file system at a path can hold, and how full it is, 0 to 1; undefined where that cannot be known. */
export type RoomOf = (
	path: string,
) => Promise<{ readonly capacityBytes: bigint; readonly fullRatio: number } | undefined>;

/** Polling of one runtime. */
export type Poller = Disposable & {
	/** Asks for everything as soon as no key is being pressed: something changed. */
	readonly refresh: () => void;
	/** Asks for everything at once: the person wants to see it. */
	readonly refreshNow: () => void;
	/** Asks for everything at once, and for what is asked of a process only once: another one answers now. */
	readonly reconnected: () => void;
};

const slowAnswerMs = 500;
const longestWaitMs = 30_000;
/** Lists are what the screen is for: who comes back is noticed soon. */
const longestListWaitMs = 5_000;

/** Starts polling a runtime. Everything it learns is dispatched; it throws nothing. */
export function startPoller(
	host: EffectHost,
	client: CriClient,
	options: {
		readonly listsMs: number;
		readonly statsMs: number;
		/** Waits while keys come in quick succession; absent: nothing waits. */
		readonly quiet?: ((signal: AbortSignal) => Promise<void>) | undefined;
		readonly roomOf: RoomOf;
	},
): Poller {
	const stop = new AbortController();
	const signal = AbortSignal.any([stop.signal, host.signal]);
	const wakeUps = new Map<string, () => void>();
	/** Kinds that need not wait for a pause of the keys, and the end of the waits that are under way. */
	const hurried = new Set<string>();
	let hurry = new AbortController();

	/** Whether the limits of the machine are to be asked for: of every process that answers, once. */
	let limitsDue = true;

	const beats: readonly Beat[] = [
		{
			name: 'pods',
			list: 'pods',
			everyMs: options.listsMs,
			async ask() {
				const pods = await client.runtime.listPodSandbox({}, { signal });
				host.dispatch('inventory', { kind: 'podSandboxesRefreshed', pods, atMs: Date.now() });
			},
		},
		{
			name: 'containers',
			list: 'containers',
			everyMs: options.listsMs,
			async ask() {
				const containers = await client.runtime.listContainers({}, { signal });
				host.dispatch('inventory', { kind: 'containersRefreshed', containers, atMs: Date.now() });
			},
		},
		{
			name: 'images',
			list: 'images',
			everyMs: options.listsMs * 2,
			firstAfterMs: 50,
			async ask() {
				const images = await client.images.listImages({}, { signal });
				host.dispatch('inventory', { kind: 'imagesRefreshed', images, atMs: Date.now() });
			},
		},
		{
			name: 'stats',
			everyMs: options.statsMs,
			firstAfterMs: 200,
			async ask() {
				if (!client.supports('listContainerStats')) return;
				const stats = await client.runtime.listContainerStats({}, { signal });
				host.dispatch('stats', { kind: 'statsReceived', stats });
			},
		},
		{
			name: 'status',
			everyMs: 10_000,
			firstAfterMs: 100,
			async ask() {
				host.dispatch('connection', {
					kind: 'versionReceived',
					version: await client.runtime.version({ signal }),
				});
				// What the machine allows stays as it is while a runtime lives; its verbose answer may be long.
				const verbose = limitsDue;
				const status = await client.runtime.status({ verbose }, { signal });
				host.dispatch('connection', { kind: 'runtimeStatusReceived', status });
				if (!verbose) return;
				limitsDue = false;
				host.dispatch('connection', { kind: 'limitsReceived', limits: parseStatusLimits(status.info) });
			},
		},
		{
			name: 'imageFs',
			everyMs: 15_000,
			firstAfterMs: 300,
			async ask() {
				const { imageFilesystems } = await client.images.imageFsInfo({ signal });
				const first = imageFilesystems[0];
				const room = first ? await options.roomOf(first.mountpoint) : undefined;
				host.dispatch('connection', {
					kind: 'imageFsReceived',
					filesystems: imageFilesystems,
					capacityBytes: room?.capacityBytes,
					fullRatio: room?.fullRatio,
				});
			},
		},
	];

	signal.addEventListener('abort', wakeAll, { once: true });
	function wakeAll(): void {
		for (const wake of [...wakeUps.values()]) wake();
	}

	async function pause(name: string, ms: number): Promise<void> {
		if (signal.aborted) return;
		const { promise, resolve } = Promise.withResolvers<void>();
		const timer = setTimeout(resolve, ms);
		wakeUps.set(name, resolve);
		await promise;
		clearTimeout(timer);
		wakeUps.delete(name);
	}

	async function keep(beat: Beat): Promise<void> {
		let failures = 0;
		if (beat.firstAfterMs) await pause(beat.name, beat.firstAfterMs);
		while (!signal.aborted) {
			if (!hurried.delete(beat.name)) await options.quiet?.(AbortSignal.any([signal, hurry.signal]));
			hurried.delete(beat.name);
			if (signal.aborted) return;
			const startedAt = performance.now();
			let wait = beat.everyMs;
			try {
				await beat.ask(client, signal);
				failures = 0;
				const { list } = beat;
				if (list) host.dispatch('connection', { kind: 'runtimeAnswered', atMs: Date.now(), list });
				if (performance.now() - startedAt > slowAnswerMs) wait *= 2;
			} catch (error) {
				// A runtime that shuts down cancels our calls: only our own signal is a reason to stop asking.
				if (signal.aborted) return;
				const { list } = beat;
				// Another process may answer next.
				if (list) limitsDue = true;
				if (list || !isUnimplemented(error)) {
					failures++;
					wait = Math.min(longestWaitMs, beat.everyMs * 2 ** Math.min(failures, 4));
				}
				if (list) {
					host.dispatch('connection', { kind: 'runtimeSilent', problem: errorMessage(error), list });
					wait = Math.min(wait, longestListWaitMs);
				}
			}
			await pause(beat.name, wait);
		}
	}

	function refreshNow(): void {
		for (const { name } of beats) hurried.add(name);
		hurry.abort();
		hurry = new AbortController();
		wakeAll();
	}

	for (const beat of beats) void keep(beat);
	return {
		refresh: wakeAll,
		refreshNow,
		reconnected() {
			limitsDue = true;
			refreshNow();
		},
		[Symbol.dispose]: () => stop.abort(),
	};
}
