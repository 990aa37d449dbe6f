/** Pulls under way and finished in this session. */
export type PullsState = { readonly tasks: readonly PullTask[] };

/** One pull. */
export type PullTask = { readonly id: number; readonly image: string };

export type PullsEvent = { readonly kind: 'pullStarted'; readonly task: PullTask };

/** No pull yet. */
export const initialPulls: PullsState = { tasks: [] };

/** Applies one event. */
export function updatePulls(state: PullsState, event: PullsEvent): PullsState {
	return { tasks: [...state.tasks, event.task] };
}
