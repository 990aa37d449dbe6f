import { inspectPageRows, inspectPlace, isWrapped } from '../inspect/inspect-document.ts';
import { placeMovedBy } from '../inspect/scroll.ts';
import { type Command, defineCommand } from './command.ts';

function moves(id: string, title: string, keys: readonly string[], delta: (page: number) => number): Command {
	return defineCommand({
		id,
		title,
		keys,
		scopes: ['inspect'],
		danger: 'none',
		silent: true,
		run: ({ state, dispatch }) => {
			const place = placeMovedBy(state, delta(inspectPageRows(state)));
			if (place) dispatch('inspect', { kind: 'inspectPlaced', place });
		},
	});
}

function sideways(id: string, title: string, keys: readonly string[], step: -1 | 1): Command {
	return defineCommand({
		id,
		title,
		keys,
		scopes: ['inspect'],
		danger: 'none',
		silent: true,
		available: (state) => !isWrapped(state) || 'Lines are wrapped: w shows them on one row each.',
		run: ({ state, dispatch }) => {
			if (!state.inspect) return;
			const place = inspectPlace(state.inspect);
			const cells = Math.max(4, Math.floor(state.screen.columns / 3));
			const column = Math.max(0, Math.min(2_000, place.column + step * cells));
			dispatch('inspect', { kind: 'inspectPlaced', place: { ...place, column } });
		},
	});
}

/** Moving about in the inspected document. */
export const inspectMoveCommands: readonly Command[] = [
	moves('inspect.down', 'Move down', ['j', 'down'], () => 1),
	moves('inspect.up', 'Move up', ['k', 'up'], () => -1),
	moves('inspect.halfDown', 'Move down half a page', ['ctrl+d'], (page) => Math.ceil(page / 2)),
	moves('inspect.halfUp', 'Move up half a page', ['ctrl+u'], (page) => -Math.ceil(page / 2)),
	moves('inspect.pageDown', 'Move down a page', ['ctrl+f', 'pagedown'], (page) => page),
	moves('inspect.pageUp', 'Move up a page', ['ctrl+b', 'pageup'], (page) => -page),
	moves('inspect.top', 'Go to the top', ['g', 'home'], () => -1e9),
	moves('inspect.bottom', 'Go to the end', ['G', 'end'], () => 1e9),
	sideways('inspect.right', 'Scroll to the right', ['right', 'l'], 1),
	sideways('inspect.left', 'Scroll to the left', ['left', 'h'], -1),
];
