import { errorMessage, isUnimplemented, isUnreachable } from '../../cri/errors.ts';
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
	options: {
		readonly hostname: string;
		readonly signal: AbortSignal;
		readonly now: () => number;
		/** An earlier answer: rates need two readings, and facts of what has not changed need no second call. */
		readonly known?: UiState | undefined;
	},
): Promise<UiState> {
	const { signal, now, known } = options;
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
	if (known) state = { ...state, stats: known.stats };
	/** By the order of the calls, so that the same failure is always told in the same words. */
	const problems: (string | undefined)[] = [];
	let calls = 0;
	const attempt = async (work: () => Promise<void>): Promise<void> => {
		const call = calls;
		calls += 1;
		try {
			await work();
		} catch (error) {
			if (signal.aborted) throw error;
			if (!isUnimplemented(error)) problems[call] = errorMessage(error);
		}
	};
	dispatch('connection', { kind: 'endpointChosen', endpoint: client.runtimeEndpoint });
	await Promise.all([
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
			dispatch('connection', { kind: 'versionReceived', version: await client.runtime.version({ signal }) });
		}),
		attempt(async () => {
			const status = await client.runtime.status({ verbose: false }, { signal });
			dispatch('connection', { kind: 'runtimeStatusReceived', status });
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
	const problem = problems.find((text) => text !== undefined);
	if (problem !== undefined) dispatch('connection', { kind: 'runtimeSilent', problem });
	if (known) {
		const { containerFacts, podFacts } = known.inventory;
		dispatch('inventory', {
			kind: 'factsReceived',
			containers: state.inventory.containers.flatMap(({ id, state: current }) => {
				const facts = containerFacts.get(id);
				return facts?.state === current ? [facts] : [];
			}),
			pods: state.inventory.pods.flatMap(({ id, state: current }) => {
				const facts = podFacts.get(id);
				return facts?.state === current ? [facts] : [];
			}),
		});
	}
	let silent = false;
	const quiet = async (work: () => Promise<void>): Promise<void> => {
		if (silent) return;
		try {
			await work();
		} catch (error) {
			// An object that went between list and status is no fault of the snapshot.
			if (signal.aborted) throw error;
			// One deadline is enough to know: a thousand objects would be a thousand of them.
			silent ||= isUnreachable(error);
		}
	};
	const { containers, containerFacts, pods, podFacts } = state.inventory;
	const newContainers = containers.filter(({ id }) => !containerFacts.has(id));
	const newPods = pods.filter(({ id }) => !podFacts.has(id));
	await eachOf(newContainers, ({ id }) =>
		quiet(async () => {
			const facts = containerFactsOf(await client.runtime.containerStatus(id, { verbose: true }, { signal }));
			dispatch('inventory', { kind: 'factsReceived', pods: [], containers: [facts] });
		}),
	);
	await eachOf(newPods, ({ id }) =>
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
