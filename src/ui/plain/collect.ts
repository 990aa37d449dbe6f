import { errorMessage, isUnimplemented } from '../../cri/errors.ts';
import type { CriClient } from '../../cri/ports.ts';
import { containerFactsOf, podSandboxFactsOf } from '../resources/facts.ts';
import type { Dispatch, UiEvent } from '../store/events.ts';
import { initialState } from '../store/initial.ts';
import type { UiState } from '../store/state.ts';
import { update } from '../store/update.ts';

/** Status calls under way at once. */
const concurrency = 8;

async function eachOf<Item>(items: readonly Item[], work: (item: Item) => Promise<void>): Promise<void> {
	const queue = [...items];
	const worker = async (): Promise<void> => {
		for (let item = queue.shift(); item !== undefined; item = queue.shift()) await work(item);
	};
	await Promise.all(Array.from({ length: concurrency }, worker));
}

/**
 * Asks a runtime for everything once and answers with the state the inspector would have: what failed is said in
 * `connection.problem`, what a runtime cannot do (stats, say) is left out.
 */
export async function collectState(
	client: CriClient,
	options: { readonly hostname: string; readonly signal: AbortSignal; readonly now: () => number },
): Promise<UiState> {
	const { signal, now } = options;
	let state = initialState({
		columns: 1_000,
		rows: 1_000,
		hostname: options.hostname,
		nowMs: now(),
		readOnly: { enabled: false, reason: '' },
	});
	const dispatch: Dispatch = (slice, event) => {
		state = update(state, { slice, event } as UiEvent);
	};
	const attempt = async (work: () => Promise<void>): Promise<void> => {
		try {
			await work();
		} catch (error) {
			if (signal.aborted) throw error;
			if (!isUnimplemented(error))
				dispatch('connection', { kind: 'runtimeSilent', problem: errorMessage(error) });
		}
	};
	dispatch('connection', { kind: 'endpointChosen', endpoint: client.runtimeEndpoint });
	await Promise.all([
		attempt(async () => {
			dispatch('connection', { kind: 'versionReceived', version: await client.runtime.version({ signal }) });
		}),
		attempt(async () => {
			const status = await client.runtime.status({ verbose: false }, { signal });
			dispatch('connection', { kind: 'runtimeStatusReceived', status });
		}),
		attempt(async () => {
			const pods = await client.runtime.listPodSandbox({}, { signal });
			dispatch('inventory', { kind: 'podSandboxesRefreshed', pods, atMs: now() });
			dispatch('connection', { kind: 'runtimeAnswered', atMs: now() });
		}),
		attempt(async () => {
			const containers = await client.runtime.listContainers({}, { signal });
			dispatch('inventory', { kind: 'containersRefreshed', containers, atMs: now() });
		}),
		attempt(async () => {
			const images = await client.images.listImages({}, { signal });
			dispatch('inventory', { kind: 'imagesRefreshed', images, atMs: now() });
		}),
		attempt(async () => {
			const { imageFilesystems } = await client.images.imageFsInfo({ signal });
			dispatch('connection', {
				kind: 'imageFsReceived',
				filesystems: imageFilesystems,
				capacityBytes: undefined,
			});
		}),
		attempt(async () => {
			const stats = await client.runtime.listContainerStats({}, { signal });
			dispatch('stats', { kind: 'statsReceived', stats });
		}),
	]);
	const quiet = async (work: () => Promise<void>): Promise<void> => {
		try {
			await work();
		} catch (error) {
			// An object that went between list and status is no fault of the snapshot.
			if (signal.aborted) throw error;
		}
	};
	await eachOf(state.inventory.containers, ({ id }) =>
		quiet(async () => {
			const facts = containerFactsOf(await client.runtime.containerStatus(id, { verbose: true }, { signal }));
			dispatch('inventory', { kind: 'factsReceived', pods: [], containers: [facts] });
		}),
	);
	await eachOf(state.inventory.pods, ({ id }) =>
		quiet(async () => {
			const facts = podSandboxFactsOf(
				await client.runtime.podSandboxStatus(id, { verbose: true }, { signal }),
			);
			dispatch('inventory', { kind: 'factsReceived', pods: [facts], containers: [] });
		}),
	);
	dispatch('lists', { kind: 'allPodsToggled' });
	return state;
}
