import { logGeometry } from '../store/slices/logs/geometry.ts';
import { type Command, type CommandContext, defineCommand } from './command.ts';
import { hasLog } from './log-commands.ts';

function moves(
	id: string,
	title: string,
	keys: readonly string[],
	run: (context: CommandContext) => void,
): Command {
	return defineCommand({
		id,
		title,
		keys,
		scopes: ['logs'],
		danger: 'none',
		available: hasLog,
		silent: true,
		run,
	});
}

function shows(what: 'wrap' | 'json' | 'timestamps', title: string, key: string, hint: string): Command {
	return defineCommand({
		id: `logs.${what}`,
		title,
		hint,
		keys: [key],
		scopes: ['logs'],
		danger: 'none',
		run: ({ dispatch }) => dispatch('logs', { kind: 'logViewToggled', what }),
	});
}

/** Half a pane: three presses cross a long line, which is what people ask of sideways scrolling. */
function sidewaysCells({ state }: CommandContext): number {
	return Math.max(8, Math.floor(logGeometry(state).columns / 2));
}

function sideways(
	id: string,
	title: string,
	keys: readonly string[],
	cells: (context: CommandContext) => number,
) {
	return defineCommand({
		id,
		title,
		keys,
		scopes: ['logs'],
		danger: 'none',
		available: ({ logs }) => !logs.view.wrap || 'Lines are wrapped: w lets them run on to the right.',
		silent: true,
		run: (context) => context.dispatch('logs', { kind: 'logMovedSideways', cells: cells(context) }),
	});
}

/** Moving in the log and choosing how lines are shown. */
export const logMoveCommands: readonly Command[] = [
	defineCommand({
		id: 'logs.follow',
		title: 'Follow the end, or stop following',
		hint: 'follow',
		keys: ['f'],
		scopes: ['logs'],
		danger: 'none',
		available: hasLog,
		run: ({ state, dispatch, effects }) => {
			if (state.logs.following) dispatch('logs', { kind: 'logFollowToggled' });
			else effects.logs.toEnd();
		},
	}),
	moves('logs.down', 'Move down', ['j', 'down'], ({ dispatch }) =>
		dispatch('logs', { kind: 'logCursorMoved', lines: 1 }),
	),
	moves('logs.up', 'Move up; stops following', ['k', 'up'], ({ dispatch }) =>
		dispatch('logs', { kind: 'logCursorMoved', lines: -1 }),
	),
	moves('logs.halfDown', 'Move down half a page', ['ctrl+d'], ({ dispatch }) =>
		dispatch('logs', { kind: 'logPaged', pages: 0.5 }),
	),
	moves('logs.halfUp', 'Move up half a page', ['ctrl+u'], ({ dispatch }) =>
		dispatch('logs', { kind: 'logPaged', pages: -0.5 }),
	),
	moves('logs.pageDown', 'Move down a page', ['ctrl+f', 'pagedown'], ({ dispatch }) =>
		dispatch('logs', { kind: 'logPaged', pages: 1 }),
	),
	moves('logs.pageUp', 'Move up a page', ['ctrl+b', 'pageup'], ({ dispatch }) =>
		dispatch('logs', { kind: 'logPaged', pages: -1 }),
	),
	moves('logs.start', 'Go to the oldest line', ['g', 'home'], ({ effects }) => effects.logs.toStart()),
	moves('logs.end', 'Go to the end and follow it', ['G', 'end'], ({ effects }) => effects.logs.toEnd()),
	sideways('logs.right', 'Look to the right', ['right'], sidewaysCells),
	sideways('logs.left', 'Look to the left', ['left'], (context) => -sidewaysCells(context)),
	sideways('logs.lineStart', 'Look at the beginning of lines', ['0'], () => -1e9),
	defineCommand({
		id: 'logs.expand',
		title: 'Show all of this line, JSON spread out; again folds it',
		keys: ['enter'],
		scopes: ['logs'],
		danger: 'none',
		available: hasLog,
		run: ({ dispatch }) => dispatch('logs', { kind: 'logLineExpanded' }),
	}),
	shows('timestamps', 'Times: off, local, UTC, since the line before', 't', 'times'),
	shows('wrap', 'Wrap long lines, or let them run on', 'w', 'wrap'),
	shows('json', 'Show JSON lines readable or raw', 'y', 'json'),
];
