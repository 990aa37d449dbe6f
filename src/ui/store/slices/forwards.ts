/** Port-forwards that this session holds open. */
export type ForwardsState = { readonly open: readonly PortForward[] };

/** One listening port on this host that leads into a pod. */
export type PortForward = { readonly id: number; readonly podName: string };

export type ForwardsEvent = { readonly kind: 'forwardClosed'; readonly id: number };

/** None open. */
export const initialForwards: ForwardsState = { open: [] };

/** Applies one event. */
export function updateForwards(state: ForwardsState, event: ForwardsEvent): ForwardsState {
	return { open: state.open.filter((forward) => forward.id !== event.id) };
}
