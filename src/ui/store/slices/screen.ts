import type { PaneId } from '../state.ts';

/** Size of the terminal and how its body is shared out. */
export type ScreenState = {
	readonly columns: number;
	readonly rows: number;
	readonly focus: PaneId;
	/** The focused pane takes the whole body. */
	readonly zoomed: boolean;
	/** Relative heights that the resize keys change; 1 is the neutral weight. */
	readonly weights: Readonly<Record<PaneId, number>>;
	/** Mouse reporting is on. */
	readonly mouse: boolean;
};

export type ScreenEvent =
	| { readonly kind: 'resized'; readonly columns: number; readonly rows: number }
	| { readonly kind: 'paneFocused'; readonly pane: PaneId }
	| { readonly kind: 'zoomToggled' }
	| { readonly kind: 'paneResized'; readonly factor: number }
	| { readonly kind: 'paneSizesReset' }
	| { readonly kind: 'mouseToggled' };

const neutral: ScreenState['weights'] = { pods: 1, containers: 1, images: 1, logs: 1 };

/** The screen before the terminal has said anything. */
export function initialScreen(size: { readonly columns: number; readonly rows: number }): ScreenState {
	return { ...size, focus: 'pods', zoomed: false, weights: neutral, mouse: false };
}

/** Applies one event; weights stay between 0.25 and 4 so that no pane can be squeezed out for good. */
export function updateScreen(state: ScreenState, event: ScreenEvent): ScreenState {
	switch (event.kind) {
		case 'resized':
			if (event.columns === state.columns && event.rows === state.rows) return state;
			return { ...state, columns: event.columns, rows: event.rows };
		case 'paneFocused':
			return event.pane === state.focus ? state : { ...state, focus: event.pane };
		case 'zoomToggled':
			return { ...state, zoomed: !state.zoomed };
		case 'paneResized': {
			const weight = Math.min(4, Math.max(0.25, state.weights[state.focus] * event.factor));
			return { ...state, weights: { ...state.weights, [state.focus]: weight } };
		}
		case 'paneSizesReset':
			return { ...state, weights: neutral, zoomed: false };
		case 'mouseToggled':
			return { ...state, mouse: !state.mouse };
	}
}
