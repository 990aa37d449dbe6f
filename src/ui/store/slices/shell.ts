/** The open shell or attach session; its screen lives in the effect, which counts its changes here. */
export type ShellState = { readonly revision: number };

export type ShellEvent = { readonly kind: 'shellScreenChanged' };

/** No session. */
export const initialShell: ShellState = { revision: 0 };

/** Applies one event. */
export function updateShell(state: ShellState, _event: ShellEvent): ShellState {
	return { ...state, revision: state.revision + 1 };
}
