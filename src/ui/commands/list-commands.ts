import { isColumnShown, orderedColumns } from '../resources/column-layout.ts';
import { resourceOf } from '../resources/index.ts';
import type { Row } from '../resources/rows.ts';
import { pageRows } from '../store/cursor.ts';
import { focusedList, selectedRow, visibleRows } from '../store/selectors.ts';
import type { ListId, UiState } from '../store/state.ts';
import { type Command, type CommandContext, defineCommand } from './command.ts';

function hasRow(state: UiState): true | string {
	return selectedRow(state, focusedList(state))
		? true
		: `No ${resourceOf(focusedList(state)).noun} is selected.`;
}

/** A command on the row under the cursor of the focused list. */
function onRow(act: (context: CommandContext, list: ListId, row: Row) => void): Command['run'] {
	return (context) => {
		const list = focusedList(context.state);
		const row = selectedRow(context.state, list);
		if (row) act(context, list, row);
	};
}

function moves(
	id: string,
	title: string,
	keys: readonly string[],
	delta: (state: UiState) => number,
): Command {
	return defineCommand({
		id,
		title,
		keys,
		scopes: ['pods', 'containers', 'images'],
		danger: 'none',
		silent: true,
		run: ({ state, dispatch }) =>
			dispatch('lists', { kind: 'cursorMoved', list: focusedList(state), delta: delta(state) }),
	});
}

function sortNext({ state, dispatch }: CommandContext, step: number): void {
	const list = focusedList(state);
	const view = state.lists[list];
	const columns = orderedColumns(resourceOf(list).columns, view.columnOrder).filter(({ id }) =>
		isColumnShown(view, id),
	);
	const index = columns.findIndex(({ id }) => id === view.sort?.column);
	const next = columns[(index + step + columns.length) % columns.length] ?? columns[0];
	if (next) dispatch('lists', { kind: 'sorted', list, column: next.id });
}

const lists = ['pods', 'containers', 'images'] as const;

/** Moving in lists, filtering, sorting, marking. */
export const listCommands: readonly Command[] = [
	moves('list.down', 'Move down', ['j', 'down'], () => 1),
	moves('list.up', 'Move up', ['k', 'up'], () => -1),
	moves('list.halfDown', 'Move down half a page', ['ctrl+d'], (state) =>
		Math.ceil(pageRows(state, focusedList(state)) / 2),
	),
	moves(
		'list.halfUp',
		'Move up half a page',
		['ctrl+u'],
		(state) => -Math.ceil(pageRows(state, focusedList(state)) / 2),
	),
	moves('list.pageDown', 'Move down a page', ['ctrl+f', 'pagedown'], (state) =>
		pageRows(state, focusedList(state)),
	),
	moves(
		'list.pageUp',
		'Move up a page',
		['ctrl+b', 'pageup'],
		(state) => -pageRows(state, focusedList(state)),
	),
	moves('list.top', 'Go to the first row', ['g', 'home'], () => -1e9),
	moves('list.bottom', 'Go to the last row', ['G', 'end'], () => 1e9),
	defineCommand({
		id: 'list.open',
		title: 'Go on: from a pod to its containers, from a container to its log',
		hint: 'open',
		keys: ['enter', 'right'],
		scopes: [...lists],
		danger: 'none',
		available: hasRow,
		run: ({ state, dispatch }) => {
			const list = focusedList(state);
			if (list === 'pods') {
				if (state.lists.allPods) dispatch('lists', { kind: 'allPodsToggled' });
				dispatch('screen', { kind: 'paneFocused', pane: 'containers' });
			} else if (list === 'containers') dispatch('screen', { kind: 'paneFocused', pane: 'logs' });
			else {
				const row = selectedRow(state, 'images');
				if (row) {
					dispatch('inspect', {
						kind: 'inspectOpened',
						subject: { list: 'images', id: row.id, name: row.name },
					});
					dispatch('overlays', { kind: 'overlayOpened', overlay: 'inspect' });
				}
			}
		},
	}),
	defineCommand({
		id: 'list.filter',
		title: 'Filter the list; best match first',
		hint: 'filter',
		keys: ['/'],
		scopes: [...lists],
		danger: 'none',
		run: ({ state, dispatch }) =>
			dispatch('entry', {
				kind: 'entryOpened',
				entry: 'listFilter',
				label: '/',
				value: state.lists[focusedList(state)].filter,
			}),
	}),
	defineCommand({
		id: 'list.unhealthy',
		title: 'Show only what is unhealthy, or all again',
		hint: 'unhealthy',
		keys: ['!'],
		scopes: [...lists],
		danger: 'none',
		run: ({ dispatch }) => dispatch('lists', { kind: 'unhealthyToggled' }),
	}),
	defineCommand({
		id: 'containers.all',
		title: "Show all pods' containers, or only those of the chosen pod",
		hint: 'all pods',
		keys: ['a'],
		scopes: ['pods', 'containers'],
		danger: 'none',
		run: ({ dispatch }) => dispatch('lists', { kind: 'allPodsToggled' }),
	}),
	defineCommand({
		id: 'list.sortNext',
		title: 'Sort by the next column',
		keys: ['>'],
		scopes: [...lists],
		danger: 'none',
		run: (context) => sortNext(context, 1),
	}),
	defineCommand({
		id: 'list.sortPrevious',
		title: 'Sort by the column before',
		keys: ['<'],
		scopes: [...lists],
		danger: 'none',
		run: (context) => sortNext(context, -1),
	}),
	defineCommand({
		id: 'list.reverse',
		title: 'Reverse the order',
		keys: ['r'],
		scopes: [...lists],
		danger: 'none',
		available: (state) => (state.lists[focusedList(state)].sort ? true : 'Choose a column first: o, < or >.'),
		run: ({ state, dispatch }) => dispatch('lists', { kind: 'sortReversed', list: focusedList(state) }),
	}),
	defineCommand({
		id: 'list.columns',
		title: 'Choose, order and sort by columns',
		keys: ['o'],
		scopes: [...lists],
		danger: 'none',
		run: ({ dispatch }) => dispatch('overlays', { kind: 'overlayOpened', overlay: 'columns' }),
	}),
	defineCommand({
		id: 'list.mark',
		title: 'Mark this row and move on',
		keys: ['space'],
		scopes: [...lists],
		danger: 'none',
		available: hasRow,
		run: onRow(({ dispatch }, list, row) => {
			dispatch('lists', { kind: 'markToggled', list, id: row.id });
			dispatch('lists', { kind: 'cursorMoved', list, delta: 1 });
		}),
	}),
	defineCommand({
		id: 'list.range',
		title: 'Begin or end marking a range',
		keys: ['v'],
		scopes: [...lists],
		danger: 'none',
		available: hasRow,
		run: onRow(({ dispatch }, list, row) => {
			dispatch('lists', { kind: 'rangeToggled', list, id: row.id });
			dispatch('lists', { kind: 'marksAdded', list, ids: [row.id] });
		}),
	}),
	defineCommand({
		id: 'list.markAll',
		title: 'Mark every row shown',
		keys: ['*'],
		scopes: [...lists],
		danger: 'none',
		run: ({ state, dispatch }) => {
			const list = focusedList(state);
			dispatch('lists', { kind: 'marksAdded', list, ids: visibleRows(state, list).map(({ row }) => row.id) });
		},
	}),
	defineCommand({
		id: 'list.unmark',
		title: 'Clear all marks',
		keys: ['u'],
		scopes: [...lists],
		danger: 'none',
		run: ({ state, dispatch }) => dispatch('lists', { kind: 'marksCleared', list: focusedList(state) }),
	}),
	defineCommand({
		id: 'list.copyId',
		title: 'Copy the id to the clipboard',
		keys: ['c'],
		scopes: [...lists],
		danger: 'none',
		available: hasRow,
		run: onRow(({ effects }, _list, row) => effects.app.copy(row.id, `id of ${row.name}`)),
	}),
];
