/** What the log pane shows. */
export type LogsState = { readonly target: LogTarget | undefined };

/** A container's log, or those of all containers of a pod merged by time. */
export type LogTarget =
	| { readonly kind: 'container'; readonly id: string }
	| { readonly kind: 'pod'; readonly id: string };

export type LogsEvent = { readonly kind: 'logTargetChosen'; readonly target: LogTarget | undefined };

/** No log open. */
export const initialLogs: LogsState = { target: undefined };

/** Applies one event. */
export function updateLogs(state: LogsState, event: LogsEvent): LogsState {
	return { ...state, target: event.target };
}
