import type { ListId } from '../state.ts';

/** What the inspect view shows; undefined while it is closed. */
export type InspectState = { readonly subject: InspectSubject } | undefined;

/** The object under inspection. */
export type InspectSubject = { readonly list: ListId; readonly id: string; readonly name: string };

export type InspectEvent = { readonly kind: 'inspectOpened'; readonly subject: InspectSubject };

/** Applies one event. */
export function updateInspect(_state: InspectState, event: InspectEvent): InspectState {
	return { subject: event.subject };
}
