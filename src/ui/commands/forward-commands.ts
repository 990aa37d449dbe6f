import { sanitizeLine } from '../../text/sanitize.ts';
import { truncateCells } from '../../text/width.ts';
import type { PortForward } from '../store/slices/forwards.ts';
import type { UiState } from '../store/state.ts';
import { type Command, defineCommand } from './command.ts';
import { forwardablePod } from './session-targets.ts';

function underCursor(state: UiState): PortForward | undefined {
	return state.forwards.open[state.overlays.cursor];
}

function hasForward(state: UiState): true | string {
	return underCursor(state) ? true : 'No port-forward is open.';
}

function moves(id: string, title: string, keys: readonly string[], delta: number): Command {
	return defineCommand({
		id,
		title,
		keys,
		scopes: ['forwards'],
		danger: 'none',
		silent: true,
		run: ({ state, dispatch }) =>
			dispatch('overlays', { kind: 'overlayCursorMoved', delta, count: state.forwards.open.length }),
	});
}

/** Forwarding ports of pods to this host. */
export const forwardCommands: readonly Command[] = [
	defineCommand({
		id: 'pod.forward',
		title: 'Forward ports of the pod to this host',
		keys: ['F'],
		scopes: ['pods', 'containers', 'logs'],
		danger: 'session',
		available(state) {
			const pod = forwardablePod(state);
			return typeof pod === 'string' ? pod : true;
		},
		run({ state, dispatch }) {
			const pod = forwardablePod(state);
			if (typeof pod === 'string') return;
			// A port that root alone may take here gets a free one instead.
			const value = pod.ports.map((port) => (port < 1024 ? `:${port}` : String(port))).join(', ');
			dispatch('entry', {
				kind: 'entryOpened',
				entry: 'forwardPorts',
				label: `Ports of ${truncateCells(sanitizeLine(pod.target.podName), 24)}, local:remote`,
				value,
				proposed: true,
				history: state.forwards.history,
			});
		},
	}),
	defineCommand({
		id: 'forwards.list',
		title: 'List the port-forwards of this inspector',
		keys: ['f'],
		scopes: ['pods', 'containers', 'images'],
		danger: 'none',
		run: ({ dispatch }) => dispatch('overlays', { kind: 'overlayOpened', overlay: 'forwards' }),
	}),
	moves('forwards.down', 'Move down', ['j', 'down'], 1),
	moves('forwards.up', 'Move up', ['k', 'up'], -1),
	moves('forwards.top', 'Go to the first row', ['g', 'home'], -1e9),
	moves('forwards.bottom', 'Go to the last row', ['G', 'end'], 1e9),
	defineCommand({
		id: 'forward.close',
		title: 'Close this port-forward',
		hint: 'close it',
		keys: ['x'],
		scopes: ['forwards'],
		danger: 'none',
		available: hasForward,
		run({ state, dispatch, effects }) {
			const forward = underCursor(state);
			if (!forward) return;
			effects.sessions.closeForward(forward.id);
			const count = state.forwards.open.length - 1;
			dispatch('overlays', { kind: 'overlayCursorMoved', delta: 0, count: Math.max(1, count) });
		},
	}),
	defineCommand({
		id: 'forward.copy',
		title: 'Copy the local address to the clipboard',
		hint: 'copy',
		keys: ['c'],
		scopes: ['forwards'],
		danger: 'none',
		available: hasForward,
		run({ state, effects }) {
			const forward = underCursor(state);
			if (forward) effects.app.copy(forward.local, `address ${forward.local}`);
		},
	}),
];
