import { layoutOf } from '../store/layout.ts';
import { type PaneId, paneIds, type UiState } from '../store/state.ts';
import { type Command, defineCommand } from './command.ts';

function neighbour(state: UiState, step: number): PaneId {
	const index = paneIds.indexOf(state.screen.focus);
	return paneIds[(index + step + paneIds.length) % paneIds.length] ?? 'pods';
}

function panesSized(state: UiState): true | string {
	return layoutOf(state.screen).boxes.length > 1 || 'Only one pane is on the screen.';
}

/** Moving among panes and sharing the screen out. */
export const paneCommands: readonly Command[] = [
	...paneIds.map((pane, index) =>
		defineCommand({
			id: `pane.${pane}`,
			title: `Go to the ${pane} pane`,
			keys: [`${index + 1}`],
			scopes: ['global'],
			danger: 'none',
			run: ({ dispatch }) => dispatch('screen', { kind: 'paneFocused', pane }),
		}),
	),
	defineCommand({
		id: 'pane.next',
		title: 'Go to the next pane',
		keys: ['tab'],
		scopes: ['global'],
		danger: 'none',
		silent: true,
		run: ({ state, dispatch }) => dispatch('screen', { kind: 'paneFocused', pane: neighbour(state, 1) }),
	}),
	defineCommand({
		id: 'pane.previous',
		title: 'Go to the pane before',
		keys: ['shift+tab'],
		scopes: ['global'],
		danger: 'none',
		silent: true,
		run: ({ state, dispatch }) => dispatch('screen', { kind: 'paneFocused', pane: neighbour(state, -1) }),
	}),
	defineCommand({
		id: 'pane.zoom',
		title: 'Give the whole screen to this pane, or share it again',
		hint: 'zoom',
		keys: ['z', '_'],
		scopes: ['pods', 'containers', 'images', 'logs'],
		danger: 'none',
		run: ({ dispatch }) => dispatch('screen', { kind: 'zoomToggled' }),
	}),
	defineCommand({
		id: 'pane.grow',
		title: 'Make this pane bigger',
		keys: ['+'],
		scopes: ['pods', 'containers', 'images', 'logs'],
		danger: 'none',
		available: panesSized,
		run: ({ dispatch }) => dispatch('screen', { kind: 'paneResized', factor: 1.35 }),
	}),
	defineCommand({
		id: 'pane.shrink',
		title: 'Make this pane smaller',
		keys: ['-'],
		scopes: ['pods', 'containers', 'images', 'logs'],
		danger: 'none',
		available: panesSized,
		run: ({ dispatch }) => dispatch('screen', { kind: 'paneResized', factor: 1 / 1.35 }),
	}),
	defineCommand({
		id: 'pane.reset',
		title: 'Share the screen out as at the start',
		keys: ['='],
		scopes: ['pods', 'containers', 'images', 'logs'],
		danger: 'none',
		run: ({ dispatch }) => dispatch('screen', { kind: 'paneSizesReset' }),
	}),
];
