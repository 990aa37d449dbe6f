import type { Dispatch, UiEvent } from './events.ts';
import type { UiState } from './state.ts';
import { update } from './update.ts';

/** Holds the state, applies events, and tells listeners no oftener than the frame cap allows. */
export type Store = {
	readonly getSnapshot: () => UiState;
	/** The state as of the last announcement: what the screen shows. */
	readonly getShown: () => UiState;
	readonly subscribe: (listener: () => void) => () => void;
	readonly dispatch: Dispatch;
	/** Announces now what waits for the next frame: after a key, whose answer should not wait. */
	readonly flush: () => void;
	/** Called after every event, before any announcement; for effects that follow the state. */
	readonly onEvent: (listener: (state: UiState, event: UiEvent) => void) => () => void;
};

/** @param frameMs least time between two announcements that nobody asked to hurry. */
export function createStore(initial: UiState, { frameMs }: { readonly frameMs: number }): Store {
	let state = initial;
	let shown = initial;
	let timer: NodeJS.Timeout | undefined;
	let announcedAt = 0;
	const listeners = new Set<() => void>();
	const eventListeners = new Set<(state: UiState, event: UiEvent) => void>();

	function flush(): void {
		if (timer) clearTimeout(timer);
		timer = undefined;
		if (shown === state) return;
		shown = state;
		announcedAt = performance.now();
		for (const listener of listeners) listener();
	}

	function schedule(): void {
		timer ??= setTimeout(flush, Math.max(0, announcedAt + frameMs - performance.now()));
	}

	return {
		getSnapshot: () => state,
		getShown: () => shown,
		subscribe(listener) {
			listeners.add(listener);
			return () => listeners.delete(listener);
		},
		dispatch(slice, event) {
			const wrapped = { slice, event } as UiEvent;
			const next = update(state, wrapped);
			const changed = next !== state;
			state = next;
			for (const listener of eventListeners) listener(state, wrapped);
			if (changed) schedule();
		},
		flush,
		onEvent(listener) {
			eventListeners.add(listener);
			return () => eventListeners.delete(listener);
		},
	};
}
