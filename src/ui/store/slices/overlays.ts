/** What can lie over the panes. The top one gets the keys. */
export type OverlayKind =
	| 'help'
	| 'palette'
	| 'picker'
	| 'columns'
	| 'inspect'
	| 'dialog'
	| 'lift'
	| 'shell'
	| 'forwards'
	| 'pulls';

/** Overlays from bottom to top, and the cursor of those that are simple lists. */
export type OverlaysState = {
	readonly stack: readonly OverlayKind[];
	/** Selected row of palette, picker and columns; reset when one opens. */
	readonly cursor: number;
	/** First visible row of help. */
	readonly scroll: number;
};

export type OverlaysEvent =
	| { readonly kind: 'overlayOpened'; readonly overlay: OverlayKind }
	| { readonly kind: 'overlayClosed'; readonly overlay?: OverlayKind | undefined }
	| { readonly kind: 'overlayCursorMoved'; readonly delta: number; readonly count: number }
	| { readonly kind: 'overlayScrolled'; readonly delta: number; readonly limit: number };

/** Nothing lies over the panes. */
export const initialOverlays: OverlaysState = { stack: [], cursor: 0, scroll: 0 };

/** Applies one event; opening what is open already moves it to the top. */
export function updateOverlays(state: OverlaysState, event: OverlaysEvent): OverlaysState {
	switch (event.kind) {
		case 'overlayOpened':
			return {
				stack: [...state.stack.filter((kind) => kind !== event.overlay), event.overlay],
				cursor: 0,
				scroll: 0,
			};
		case 'overlayClosed': {
			const stack = event.overlay
				? state.stack.filter((kind) => kind !== event.overlay)
				: state.stack.slice(0, -1);
			return stack.length === state.stack.length ? state : { stack, cursor: 0, scroll: 0 };
		}
		case 'overlayCursorMoved':
			return {
				...state,
				cursor: Math.max(0, Math.min(event.count - 1, state.cursor + event.delta)),
			};
		case 'overlayScrolled':
			return { ...state, scroll: Math.max(0, Math.min(event.limit, state.scroll + event.delta)) };
	}
}
