import { demoChange, demoPods, demoTarget, runsNoPods } from '../store/demo.ts';
import type { UiState } from '../store/state.ts';
import { type Command, defineCommand } from './command.ts';

function available(state: UiState): true | string {
	const { endpoint, takesImages } = state.connection;
	if (!endpoint) return 'No runtime is connected.';
	if (demoChange(state)) return 'The demo is being started or removed already: b shows how far it is.';
	if (demoPods(state).length > 0) return true;
	if (state.inventory.refreshedAtMs.pods === undefined) return 'The runtime listed no pods yet.';
	if (!runsNoPods(state))
		return 'The demo is for a node without pods; criscope demo starts it beside others.';
	if (takesImages === undefined) return 'Whether this runtime can load images is not known yet.';
	return takesImages || "This runtime cannot load images, which the demo has to; criscope's own can.";
}

/** The demo: started where there is nothing to see, removed where it is. */
export const demoCommands: readonly Command[] = [
	defineCommand({
		id: 'node.demo',
		title: 'Demo: start a handful of pods to look at, or remove them',
		keys: ['E'],
		scopes: ['pods', 'containers', 'images'],
		danger: 'confirm',
		available,
		run: ({ state, dispatch }) => {
			dispatch('actions', {
				kind: 'dialogOpened',
				dialog: {
					verb: demoPods(state).length > 0 ? 'remove' : 'start',
					endpoint: state.connection.endpoint,
					targets: [demoTarget],
					skipped: [],
					requiredText: undefined,
				},
			});
			dispatch('overlays', { kind: 'overlayOpened', overlay: 'dialog' });
		},
	}),
];
