/** Finding a runtime, connecting to it, and keeping the state true to it until another is chosen. */
import { errorMessage } from '../../cri/errors.ts';
import type { CriClient } from '../../cri/ports.ts';
import type { EndpointChoice as ListedEndpoint } from '../store/slices/connection.ts';
import { subscribeContainerEvents } from './container-events.ts';
import type { EffectHost } from './effect-host.ts';
import { type FactsFetcher, startFactsFetcher } from './facts-fetcher.ts';
import { type Poller, type RoomOf, startPoller } from './poller.ts';

/** What the composition root lends: how sockets are found and clients made. */
export type RuntimeAccess = {
	/** Chooses by flags, environment, files, then well-known sockets. @throws CriError in one sentence. */
	readonly choose: (signal: AbortSignal) => Promise<
		| {
				readonly kind: 'chosen';
				readonly endpoint: string;
				readonly origin: string;
				/** Further sockets that would do. */
				readonly others: number;
		  }
		| { readonly kind: 'missing'; readonly problem: string; readonly remedy: string | undefined }
		/** One is being started; `ready` is settled when it is there to be chosen, or is not going to be. Never rejects. */
		| { readonly kind: 'starting'; readonly problem: string; readonly ready: Promise<void> }
	>;
	/** Lists every socket that could be chosen. */
	readonly list: (signal: AbortSignal) => Promise<readonly ListedEndpoint[]>;
	readonly connect: (endpoint: string) => Promise<CriClient>;
	/** Whether a kubelet may depend on the events of this endpoint. */
	readonly mayBeServedByKubelet: (endpoint: string) => Promise<boolean>;
	readonly roomOf: RoomOf;
};

/** The connection as the rest of the inspector uses it. */
export type Connection = Disposable & {
	readonly client: () => CriClient | undefined;
	readonly start: () => void;
	readonly connect: (endpoint: string) => void;
	readonly findEndpoints: () => void;
	readonly refresh: () => void;
	/** Called after changes of the inventory. */
	readonly follow: () => void;
};

/** How long to wait before looking again for a socket that was not there. */
const searchAgainMs = 3_000;
const eventsAfterMs = 2_000;

/** Builds the connection; nothing happens before `start`. */
export function createConnection(
	host: Omit<EffectHost, 'client'>,
	access: RuntimeAccess,
	options: {
		readonly listsMs: number;
		readonly statsMs: number;
		readonly quiet?: ((signal: AbortSignal) => Promise<void>) | undefined;
	},
): Connection {
	let client: CriClient | undefined;
	let poller: Poller | undefined;
	let fetcher: FactsFetcher | undefined;
	let stopEvents: AbortController | undefined;
	let unsubscribe: (() => void) | undefined;
	let search: NodeJS.Timeout | undefined;
	/** Counts attempts, so that the answer of an earlier one cannot undo a later choice. */
	let generation = 0;
	const effectHost: EffectHost = { ...host, client: () => client };

	function leave(): void {
		stopEvents?.abort();
		unsubscribe?.();
		poller?.[Symbol.dispose]();
		fetcher?.[Symbol.dispose]();
		client?.close();
		clearTimeout(search);
		client = undefined;
		poller = undefined;
		fetcher = undefined;
	}

	async function open(endpoint: string): Promise<void> {
		leave();
		const own = ++generation;
		host.dispatch('connection', { kind: 'endpointChosen', endpoint });
		host.dispatch('inventory', { kind: 'inventoryCleared' });
		host.dispatch('stats', { kind: 'statsReceived', stats: [] });
		const opened = await access.connect(endpoint);
		if (own !== generation || host.signal.aborted) {
			opened.close();
			return;
		}
		client = opened;
		fetcher = startFactsFetcher(effectHost, opened);
		const started = startPoller(effectHost, opened, { ...options, roomOf: access.roomOf });
		poller = started;
		let wasLost = false;
		unsubscribe = opened.onConnectivity((connectivity) => {
			host.dispatch('connection', { kind: 'connectivityChanged', connectivity });
			// Lists that failed wait longer each time; whoever looks at them has waited enough once somebody answers again.
			if (connectivity === 'ready' && wasLost) started.reconnected();
			wasLost = connectivity !== 'ready';
		});
		stopEvents = new AbortController();
		const eventsSignal = AbortSignal.any([stopEvents.signal, host.signal]);
		// Who may listen is found out by looking for a kubelet: after the first look at the screen is soon enough.
		const subscription = setTimeout(() => {
			void subscribeContainerEvents({
				client: opened,
				signal: eventsSignal,
				mayBeServedByKubelet: () => access.mayBeServedByKubelet(endpoint),
				onChange: () => started.refresh(),
			});
		}, eventsAfterMs);
		eventsSignal.addEventListener('abort', () => clearTimeout(subscription), { once: true });
	}

	function failed(error: unknown): void {
		host.dispatch('connection', {
			kind: 'endpointMissing',
			problem: errorMessage(error),
			remedy: undefined,
		});
	}

	async function choose(first: boolean): Promise<void> {
		clearTimeout(search);
		const own = generation;
		const choice = await access.choose(host.signal);
		if (own !== generation || host.signal.aborted) return;
		if (choice.kind === 'missing') {
			host.dispatch('connection', {
				kind: 'endpointMissing',
				problem: choice.problem,
				remedy: choice.remedy,
			});
			clearTimeout(search);
			search = setTimeout(() => void choose(false).catch(failed), searchAgainMs);
			return;
		}
		if (choice.kind === 'starting') {
			host.dispatch('connection', { kind: 'endpointMissing', problem: choice.problem, remedy: undefined });
			await choice.ready;
			if (own === generation && !host.signal.aborted) await choose(false);
			return;
		}
		await open(choice.endpoint);
		if (choice.others > 0 && first) {
			await list();
			host.dispatch('overlays', { kind: 'overlayOpened', overlay: 'picker' });
		}
	}

	async function list(): Promise<void> {
		const choices = await access.list(host.signal);
		const { endpoint } = host.getState().connection;
		const known = choices.some((choice) => choice.endpoint === endpoint);
		const own = endpoint && !known ? [{ endpoint, origin: 'in use', problem: undefined }] : [];
		host.dispatch('connection', { kind: 'endpointsFound', choices: [...own, ...choices] });
	}

	return {
		client: () => client,
		start: () => void choose(true).catch(failed),
		connect: (endpoint) => void open(endpoint).catch(failed),
		findEndpoints: () => void list().catch(failed),
		refresh: () => (poller ? poller.refreshNow() : void choose(false).catch(failed)),
		follow: () => fetcher?.follow(),
		[Symbol.dispose]: leave,
	};
}
