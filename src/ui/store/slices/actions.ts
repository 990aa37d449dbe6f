/** The open confirmation dialog and the changes under way. */
export type ActionsState = { readonly dialog: undefined };

export type ActionsEvent = { readonly kind: 'dialogClosed' };

/** No dialog, nothing under way. */
export const initialActions: ActionsState = { dialog: undefined };

/** Applies one event. */
export function updateActions(state: ActionsState, _event: ActionsEvent): ActionsState {
	return state;
}
