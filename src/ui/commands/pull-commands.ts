import type { ContainerRow } from '../resources/rows.ts';
import { focusedList, selectedRow } from '../store/selectors.ts';
import type { UiState } from '../store/state.ts';
import { isRunning, selectedTask, selectedTaskIndex, taskRows } from '../store/tasks.ts';
import { taskDetailsLimit, taskFullText } from '../views/pulls-text.ts';
import { type Command, defineCommand } from './command.ts';

/** The name by which a container's image can be pulled: what was asked for, never a bare id. */
function imageOfContainer(row: ContainerRow): string {
	const isName = (text: string): boolean => text !== '' && !/^(sha256:)?[0-9a-f]{64}$/.test(text);
	return [row.imageName, row.container.imageRef].find(isName) ?? '';
}

function proposedImage(state: UiState): string {
	if (state.overlays.stack.at(-1) === 'pulls') {
		const task = selectedTask(state);
		return task?.kind === 'pull' ? task.pull.image : '';
	}
	const list = focusedList(state);
	if (list === 'images') {
		const row = selectedRow(state, 'images');
		return row?.image.repoTags[0] ?? row?.image.repoDigests[0] ?? '';
	}
	const row = list === 'containers' ? selectedRow(state, 'containers') : undefined;
	return row ? imageOfContainer(row) : '';
}

function moves(id: string, title: string, keys: readonly string[], delta: number): Command {
	return defineCommand({
		id,
		title,
		keys,
		scopes: ['pulls'],
		danger: 'none',
		silent: true,
		run: ({ state, dispatch }) => {
			const rows = taskRows(state);
			const index = Math.max(0, Math.min(rows.length - 1, selectedTaskIndex(state) + delta));
			const row = rows[index];
			if (row) dispatch('pulls', { kind: 'taskSelected', key: row.key });
			dispatch('overlays', { kind: 'overlayScrolled', delta: -1e9, limit: 0 });
		},
	});
}

function scrolls(id: string, title: string, keys: readonly string[], delta: number): Command {
	return defineCommand({
		id,
		title,
		keys,
		scopes: ['pulls'],
		danger: 'none',
		silent: true,
		run: ({ state, dispatch }) =>
			dispatch('overlays', { kind: 'overlayScrolled', delta, limit: taskDetailsLimit(state) }),
	});
}

function canLogIn(state: UiState): true | string {
	if (!state.connection.endpoint) return 'No runtime is connected.';
	const task = selectedTask(state);
	if (task?.kind !== 'pull') return 'Select a pull first.';
	return task.pull.state === 'running' ? 'This pull is still under way.' : true;
}

/** Pulling, and the list of what goes on in the background. */
export const pullCommands: readonly Command[] = [
	defineCommand({
		id: 'image.pull',
		title: 'Pull an image; the name can be changed first',
		hint: 'pull',
		keys: ['P'],
		scopes: ['pods', 'containers', 'images', 'pulls'],
		danger: 'confirm',
		available: (state) => state.connection.endpoint !== undefined || 'No runtime is connected.',
		run: ({ state, dispatch }) =>
			dispatch('entry', {
				kind: 'entryOpened',
				entry: 'pullImage',
				label: 'Pull image:',
				value: proposedImage(state),
				proposed: true,
				history: state.pulls.history,
			}),
	}),
	defineCommand({
		id: 'tasks.open',
		title: 'Show pulls and changes in the background',
		hint: 'tasks',
		keys: ['b'],
		scopes: ['pods', 'containers', 'images', 'logs', 'inspect'],
		danger: 'none',
		run: ({ dispatch }) => dispatch('overlays', { kind: 'overlayOpened', overlay: 'pulls' }),
	}),
	moves('tasks.down', 'Move down', ['j', 'down'], 1),
	moves('tasks.up', 'Move up', ['k', 'up'], -1),
	moves('tasks.top', 'Go to the newest', ['g', 'home'], -1e9),
	moves('tasks.bottom', 'Go to the oldest', ['G', 'end'], 1e9),
	scrolls('tasks.detailsDown', 'Scroll the details down', ['ctrl+f', 'pagedown', 'space'], 5),
	scrolls('tasks.detailsUp', 'Scroll the details up', ['ctrl+b', 'pageup'], -5),
	defineCommand({
		id: 'tasks.cancel',
		title: 'Cancel the pull, or stop waiting for the change',
		hint: 'cancel',
		keys: ['x'],
		scopes: ['pulls'],
		danger: 'none',
		available: (state) => {
			const task = selectedTask(state);
			return (task !== undefined && isRunning(task)) || 'Nothing to cancel: this has ended.';
		},
		run: ({ state, effects }) => {
			const task = selectedTask(state);
			if (task?.kind === 'pull') effects.pulls.cancel(task.pull.id);
			else if (task) effects.actions.stopWaiting(task.change.id);
		},
	}),
	defineCommand({
		id: 'tasks.login',
		title: 'Log in to the registry and pull again',
		hint: 'log in',
		keys: ['L'],
		scopes: ['pulls'],
		danger: 'confirm',
		available: canLogIn,
		run: ({ dispatch }) =>
			dispatch('entry', { kind: 'entryOpened', entry: 'pullUsername', label: 'User name:' }),
	}),
	defineCommand({
		id: 'tasks.copy',
		title: 'Copy everything that is known of this task',
		hint: 'copy',
		keys: ['c'],
		scopes: ['pulls'],
		danger: 'none',
		available: (state) => selectedTask(state) !== undefined || 'There is nothing to copy.',
		run: ({ state, effects }) => {
			const task = selectedTask(state);
			if (task) effects.app.copy(taskFullText(state, task), 'the details of this task');
		},
	}),
	defineCommand({
		id: 'tasks.clear',
		title: 'Forget what has ended',
		hint: 'clear',
		keys: ['u'],
		scopes: ['pulls'],
		danger: 'none',
		run: ({ dispatch }) => {
			dispatch('pulls', { kind: 'endedPullsCleared' });
			dispatch('actions', { kind: 'endedChangesCleared' });
		},
	}),
];
