import { placeOf } from '../keys/place.ts';
import type { Scope } from '../keys/scope.ts';
import { orderedColumns } from '../resources/column-layout.ts';
import { resourceOf } from '../resources/index.ts';
import { layoutOf } from '../store/layout.ts';
import { focusedList } from '../store/selectors.ts';
import type { UiState } from '../store/state.ts';
import { type Command, defineCommand } from './command.ts';
import { helpEntries } from './help-entries.ts';

/** Rows that the cursor of the top overlay can be on. */
function overlayCount(state: UiState): number {
	switch (state.overlays.stack.at(-1)) {
		case 'picker':
			return state.connection.choices.length;
		case 'columns':
			return resourceOf(focusedList(state)).columns.length;
		default:
			return 0;
	}
}

function columnUnderCursor(state: UiState) {
	const list = focusedList(state);
	const columns = orderedColumns(resourceOf(list).columns, state.lists[list].columnOrder);
	return { list, columns, column: columns[state.overlays.cursor] };
}

function inColumns(state: UiState): true | string {
	return state.overlays.stack.at(-1) === 'columns' || 'This works in the list of columns.';
}

const moveScopes: readonly Scope[] = ['picker'];

function moves(id: string, title: string, keys: readonly string[], delta: number): Command {
	return defineCommand({
		id,
		title,
		keys,
		scopes: moveScopes,
		danger: 'none',
		silent: true,
		run: ({ state, dispatch }) =>
			dispatch('overlays', { kind: 'overlayCursorMoved', delta, count: overlayCount(state) }),
	});
}

function scrolls(
	id: string,
	title: string,
	keys: readonly string[],
	delta: (page: number) => number,
): Command {
	return defineCommand({
		id,
		title,
		keys,
		scopes: ['help'],
		danger: 'none',
		silent: true,
		run: ({ state, dispatch, commands }) => {
			const page = layoutOf(state.screen).bodyRows - 2;
			const limit = Math.max(0, helpEntries(commands, placeOf(state, { underHelp: true })).length - page);
			dispatch('overlays', { kind: 'overlayScrolled', delta: delta(page), limit });
		},
	});
}

/** Moving in help, in the picker of sockets and in the list of columns. */
export const overlayCommands: readonly Command[] = [
	moves('picker.down', 'Move down', ['j', 'down'], 1),
	moves('picker.up', 'Move up', ['k', 'up'], -1),
	defineCommand({
		id: 'picker.choose',
		title: 'Take the row under the cursor',
		keys: ['enter'],
		scopes: ['picker'],
		danger: 'none',
		run: ({ state, dispatch, effects }) => {
			if (state.overlays.stack.at(-1) === 'picker') {
				const choice = state.connection.choices[state.overlays.cursor];
				if (!choice) return;
				dispatch('overlays', { kind: 'overlayClosed', overlay: 'picker' });
				effects.app.connect(choice.endpoint);
				return;
			}
			const { list, column } = columnUnderCursor(state);
			if (column) dispatch('lists', { kind: 'sorted', list, column: column.id });
		},
	}),
	defineCommand({
		id: 'columns.toggle',
		title: 'Show or hide this column',
		keys: ['space'],
		scopes: ['picker'],
		danger: 'none',
		available: inColumns,
		run: ({ state, dispatch }) => {
			const { list, column } = columnUnderCursor(state);
			if (column) dispatch('lists', { kind: 'columnToggled', list, column: column.id });
		},
	}),
	...[-1, 1].map((delta) =>
		defineCommand({
			id: delta < 0 ? 'columns.earlier' : 'columns.later',
			title: delta < 0 ? 'Move this column to the left' : 'Move this column to the right',
			keys: [delta < 0 ? '<' : '>'],
			scopes: ['picker'],
			danger: 'none',
			available: inColumns,
			run: ({ state, dispatch }) => {
				const { list, columns, column } = columnUnderCursor(state);
				if (!column) return;
				const order = columns.map(({ id }) => id);
				dispatch('lists', { kind: 'columnMoved', list, column: column.id, delta, order });
				dispatch('overlays', { kind: 'overlayCursorMoved', delta, count: columns.length });
			},
		}),
	),
	scrolls('help.down', 'Scroll down', ['j', 'down'], () => 1),
	scrolls('help.up', 'Scroll up', ['k', 'up'], () => -1),
	scrolls('help.pageDown', 'Scroll down a page', ['ctrl+f', 'pagedown', 'space'], (page) => page),
	scrolls('help.pageUp', 'Scroll up a page', ['ctrl+b', 'pageup'], (page) => -page),
	scrolls('help.top', 'Go to the top', ['g', 'home'], () => -1e9),
	scrolls('help.bottom', 'Go to the end', ['G', 'end'], () => 1e9),
];
