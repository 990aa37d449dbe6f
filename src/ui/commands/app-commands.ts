import { openForwards } from '../store/slices/forwards.ts';
import { liveShells } from '../store/slices/shell.ts';
import type { UiState } from '../store/state.ts';
import { activityText } from '../views/activity.ts';
import { type Command, defineCommand } from './command.ts';

/** What the first Ctrl-C says; the second, while this stands, leaves. */
const leaveNotice = 'Press Ctrl-C again to leave, or q.';

/** How long the answer to the question before leaving counts. */
const quitAskedMs = 3_000;

/** What ends with the inspector, as the beginning of a sentence; undefined while nothing is lost by leaving. */
function lossByLeaving(state: UiState): string | undefined {
	const { shell, forwards } = state;
	const streams = liveShells(shell).length > 0 || openForwards(forwards).length > 0;
	if (streams) return 'Leaving ends open shells and port-forwards';
	// The runtime drops a stop whose caller is gone: SIGTERM is sent by then, SIGKILL may never come.
	const activity = activityText(state);
	return activity === undefined ? undefined : `Leaving gives up on what is under way (${activity})`;
}

/** Whether nothing is lost by leaving, or the person has just been told what is. */
function mayQuit(state: UiState): boolean {
	if (lossByLeaving(state) === undefined) return true;
	const { shell, nowMs } = state;
	return shell.quitAskedAtMs !== undefined && nowMs - shell.quitAskedAtMs <= quitAskedMs;
}

/** What concerns the program as a whole. */
export const appCommands: readonly Command[] = [
	defineCommand({
		id: 'app.help',
		title: 'Show the keys that work here',
		hint: 'help',
		keys: ['?', 'f1'],
		scopes: ['global'],
		danger: 'none',
		run: ({ dispatch }) => dispatch('overlays', { kind: 'overlayOpened', overlay: 'help' }),
	}),
	defineCommand({
		id: 'app.palette',
		title: 'Find and run any command',
		hint: 'commands',
		keys: [':'],
		scopes: ['global'],
		danger: 'none',
		run: ({ dispatch }) => {
			dispatch('overlays', { kind: 'overlayOpened', overlay: 'palette' });
			dispatch('entry', { kind: 'entryOpened', entry: 'palette', label: ':' });
		},
	}),
	defineCommand({
		id: 'app.back',
		title: 'Go back: close what is open, clear filter or marks',
		keys: ['escape', 'h', 'left'],
		scopes: ['global'],
		danger: 'none',
		silent: true,
		run: ({ state, dispatch }) => {
			const { focus } = state.screen;
			if (state.overlays.stack.length > 0) dispatch('overlays', { kind: 'overlayClosed' });
			else if (state.notices.current) dispatch('notices', { kind: 'noticeDismissed' });
			else if (focus !== 'logs' && state.lists[focus].rangeAnchorId !== undefined) {
				dispatch('lists', { kind: 'rangeToggled', list: focus, id: '' });
			} else if (focus !== 'logs' && state.lists[focus].marked.size > 0) {
				dispatch('lists', { kind: 'marksCleared', list: focus });
			} else if (focus !== 'logs' && state.lists[focus].filter) {
				dispatch('lists', { kind: 'filterChanged', list: focus, filter: '' });
			} else if (state.screen.zoomed) dispatch('screen', { kind: 'zoomToggled' });
			else if (focus === 'logs') dispatch('screen', { kind: 'paneFocused', pane: 'containers' });
			else if (focus === 'containers') dispatch('screen', { kind: 'paneFocused', pane: 'pods' });
		},
	}),
	defineCommand({
		id: 'app.quit',
		title: 'Close what is open, or leave the inspector',
		hint: 'quit',
		keys: ['q'],
		scopes: ['global'],
		danger: 'none',
		run: ({ state, dispatch, effects }) => {
			if (state.overlays.stack.length > 0) dispatch('overlays', { kind: 'overlayClosed' });
			else if (mayQuit(state)) void effects.sessions.hangUpShells().then(() => effects.app.quit());
			else {
				dispatch('shell', { kind: 'quitAsked', atMs: state.nowMs });
				const text = `${lossByLeaving(state)}: press the key again to leave.`;
				dispatch('notices', { kind: 'noticeRaised', level: 'warn', text });
			}
		},
	}),
	defineCommand({
		id: 'app.interrupt',
		title: 'Stop what is going on here; twice leaves the inspector',
		keys: ['ctrl+c'],
		scopes: ['global', 'prompt', 'dialog', 'palette'],
		danger: 'none',
		silent: true,
		run: (context) => {
			const { state, dispatch, effects } = context;
			const armed = state.notices.current?.text === leaveNotice;
			if (state.entry) context.runCommand('entry.cancel');
			else if (state.overlays.stack.length > 0) dispatch('overlays', { kind: 'overlayClosed' });
			else if (armed) effects.app.quit();
			else dispatch('notices', { kind: 'noticeRaised', level: 'plain', text: leaveNotice });
		},
	}),
	defineCommand({
		id: 'app.refresh',
		title: 'Ask the runtime for everything now',
		keys: ['ctrl+r'],
		scopes: ['global'],
		danger: 'none',
		run: ({ effects, dispatch }) => {
			effects.app.refresh();
			dispatch('notices', { kind: 'noticeRaised', level: 'plain', text: 'Asking the runtime again.' });
		},
	}),
	defineCommand({
		id: 'app.redraw',
		title: 'Draw the screen anew',
		keys: ['ctrl+l'],
		scopes: ['global', 'prompt', 'dialog', 'palette'],
		danger: 'none',
		run: ({ effects }) => effects.app.redraw(),
	}),
	defineCommand({
		id: 'app.suspend',
		title: 'Suspend to the shell (fg comes back)',
		keys: ['ctrl+z'],
		scopes: ['global', 'prompt', 'dialog', 'palette'],
		danger: 'none',
		run: ({ effects }) => effects.app.suspend(),
	}),
	defineCommand({
		id: 'app.mouse',
		title: 'Turn the mouse on or off',
		keys: ['m'],
		scopes: ['pods', 'containers', 'images'],
		danger: 'none',
		run: ({ state, dispatch, effects }) => {
			dispatch('screen', { kind: 'mouseToggled' });
			effects.app.setMouse(!state.screen.mouse);
			dispatch('notices', {
				kind: 'noticeRaised',
				level: 'plain',
				text: state.screen.mouse ? 'Mouse off: the terminal selects text again.' : 'Mouse on.',
			});
		},
	}),
	defineCommand({
		id: 'runtime.pick',
		title: 'Choose another runtime socket',
		keys: ['R'],
		scopes: ['global'],
		danger: 'none',
		run: ({ dispatch, effects }) => {
			effects.app.findEndpoints();
			dispatch('overlays', { kind: 'overlayOpened', overlay: 'picker' });
		},
	}),
];
