import type { ContainerId, PodSandboxId } from '../../../cri/ids.ts';
import type { Container, Image, PodSandbox } from '../../../cri/model.ts';
import type { ContainerFacts, PodSandboxFacts } from '../../resources/facts.ts';
import { keepIdentity } from '../identity.ts';

/** The newest lists of the runtime, and the details that were fetched object by object. */
export type InventoryState = {
	readonly pods: readonly PodSandbox[];
	readonly containers: readonly Container[];
	readonly images: readonly Image[];
	/** When each list last arrived, in milliseconds since the epoch; undefined before the first answer. */
	readonly refreshedAtMs: {
		readonly pods: number | undefined;
		readonly containers: number | undefined;
		readonly images: number | undefined;
	};
	readonly podFacts: ReadonlyMap<PodSandboxId, PodSandboxFacts>;
	readonly containerFacts: ReadonlyMap<ContainerId, ContainerFacts>;
	/** Objects that the runtime no longer lists but that are selected or marked; by id, with the time of loss. */
	readonly departed: ReadonlyMap<string, number>;
};

export type InventoryEvent =
	| { readonly kind: 'podSandboxesRefreshed'; readonly pods: readonly PodSandbox[]; readonly atMs: number }
	| { readonly kind: 'containersRefreshed'; readonly containers: readonly Container[]; readonly atMs: number }
	| { readonly kind: 'imagesRefreshed'; readonly images: readonly Image[]; readonly atMs: number }
	| {
			readonly kind: 'factsReceived';
			readonly pods: readonly PodSandboxFacts[];
			readonly containers: readonly ContainerFacts[];
	  }
	| { readonly kind: 'inventoryCleared' };

/** Nothing known yet. */
export const initialInventory: InventoryState = {
	pods: [],
	containers: [],
	images: [],
	refreshedAtMs: { pods: undefined, containers: undefined, images: undefined },
	podFacts: new Map(),
	containerFacts: new Map(),
	departed: new Map(),
};

/**
 * Takes a new list over, keeping the identity of what did not change, and keeping rows in `held`
 * (selected or marked) although the runtime dropped them: they are listed in `departed` from now on.
 */
function takeList<Item extends { readonly id: string }>(
	old: readonly Item[],
	next: readonly Item[],
	held: ReadonlySet<string>,
	departed: ReadonlyMap<string, number>,
	atMs: number,
): { readonly items: readonly Item[]; readonly departed: ReadonlyMap<string, number> } {
	const present = new Set(next.map((item) => item.id));
	const kept = old.filter((item) => !present.has(item.id) && held.has(item.id));
	const nextDeparted = new Map(departed);
	for (const item of old) if (!present.has(item.id) && !held.has(item.id)) nextDeparted.delete(item.id);
	for (const item of next) nextDeparted.delete(item.id);
	for (const item of kept) if (!nextDeparted.has(item.id)) nextDeparted.set(item.id, atMs);
	const same =
		nextDeparted.size === departed.size && [...nextDeparted.keys()].every((id) => departed.has(id));
	return { items: keepIdentity(old, [...next, ...kept]), departed: same ? departed : nextDeparted };
}

function pruned<Id extends string, Facts>(
	facts: ReadonlyMap<Id, Facts>,
	items: readonly { readonly id: Id }[],
): ReadonlyMap<Id, Facts> {
	const present = new Set(items.map((item) => item.id));
	if ([...facts.keys()].every((id) => present.has(id))) return facts;
	return new Map([...facts].filter(([id]) => present.has(id)));
}

/** Applies one event; `held` are the ids that must not vanish under the person's cursor. */
export function updateInventory(
	state: InventoryState,
	event: InventoryEvent,
	held: ReadonlySet<string>,
): InventoryState {
	switch (event.kind) {
		case 'podSandboxesRefreshed': {
			const { items, departed } = takeList(state.pods, event.pods, held, state.departed, event.atMs);
			return {
				...state,
				pods: items,
				departed,
				podFacts: pruned(state.podFacts, items),
				refreshedAtMs: { ...state.refreshedAtMs, pods: event.atMs },
			};
		}
		case 'containersRefreshed': {
			const { items, departed } = takeList(
				state.containers,
				event.containers,
				held,
				state.departed,
				event.atMs,
			);
			return {
				...state,
				containers: items,
				departed,
				containerFacts: pruned(state.containerFacts, items),
				refreshedAtMs: { ...state.refreshedAtMs, containers: event.atMs },
			};
		}
		case 'imagesRefreshed': {
			const { items, departed } = takeList(state.images, event.images, held, state.departed, event.atMs);
			return {
				...state,
				images: items,
				departed,
				refreshedAtMs: { ...state.refreshedAtMs, images: event.atMs },
			};
		}
		case 'factsReceived': {
			const podFacts = new Map(state.podFacts);
			for (const facts of event.pods) podFacts.set(facts.id, facts);
			const containerFacts = new Map(state.containerFacts);
			for (const facts of event.containers) containerFacts.set(facts.id, facts);
			return { ...state, podFacts, containerFacts };
		}
		case 'inventoryCleared':
			return initialInventory;
	}
}

/** Drops departed rows that nobody holds any more. */
export function releaseDeparted(state: InventoryState, held: ReadonlySet<string>): InventoryState {
	const leaving = [...state.departed.keys()].filter((id) => !held.has(id));
	if (leaving.length === 0) return state;
	const gone = new Set(leaving);
	const stays = (item: { readonly id: string }): boolean => !gone.has(item.id);
	return {
		...state,
		pods: state.pods.filter(stays),
		containers: state.containers.filter(stays),
		images: state.images.filter(stays),
		departed: new Map([...state.departed].filter(([id]) => !gone.has(id))),
	};
}
