import { shellMenuCommand } from '../effects/session-effects.ts';
import { shellArea } from '../store/shell-area.ts';
import { currentShell } from '../store/slices/shell.ts';
import type { UiState } from '../store/state.ts';
import { type Command, type CommandContext, defineCommand } from './command.ts';
import { runningContainer, shellTargetOf } from './session-targets.ts';

function hasRunning(state: UiState): true | string {
	const row = runningContainer(state);
	return typeof row === 'string' ? row : true;
}

/** The palette offers these everywhere. */
function hasSession({ shell }: UiState): true | string {
	return shell.currentId !== undefined || 'No shell is open.';
}

function showMode({ dispatch }: CommandContext, mode: 'keys' | 'menu' | 'scroll'): void {
	dispatch('shell', { kind: 'shellModeChanged', mode });
}

function scrolls(
	id: string,
	title: string,
	keys: readonly string[],
	lines: (page: number) => number,
): Command {
	return defineCommand({
		id,
		title,
		keys,
		scopes: ['shellScroll'],
		danger: 'none',
		silent: true,
		run: ({ state, effects }) => effects.sessions.scrollShell(lines(shellArea(state).rows)),
	});
}

/** Opening shells and attached containers. */
const openingCommands: readonly Command[] = [
	defineCommand({
		id: 'container.shell',
		title: 'Open a shell in the container, or return to the open one',
		hint: 'shell',
		keys: ['s', 'e'],
		scopes: ['pods', 'containers', 'logs'],
		danger: 'session',
		available: hasRunning,
		run({ state, effects }) {
			const row = runningContainer(state);
			if (typeof row !== 'string') effects.sessions.openShell(shellTargetOf(row));
		},
	}),
	defineCommand({
		id: 'container.attach',
		title: 'Attach to the first process of the container',
		keys: ['A'],
		scopes: ['pods', 'containers', 'logs'],
		danger: 'confirm',
		available: hasRunning,
		run({ state, effects }) {
			const row = runningContainer(state);
			if (typeof row !== 'string') effects.sessions.openAttach(shellTargetOf(row));
		},
	}),
	defineCommand({
		id: 'shell.return',
		title: 'Return to the shell that was left open last',
		keys: ['ctrl+]'],
		scopes: ['global'],
		danger: 'none',
		available: ({ shell }) => shell.currentId !== undefined || 'No shell is open in the background.',
		run({ state, effects }) {
			if (state.shell.currentId !== undefined) effects.sessions.showShell(state.shell.currentId);
		},
	}),
];

/** What the escape chord offers, one key each, and the question before an attach. */
const menuCommands: readonly Command[] = [
	defineCommand({
		id: shellMenuCommand.id,
		title: 'Take the keys back from the container and show what can be done',
		hint: 'leave, zoom, scroll',
		keys: shellMenuCommand.keys,
		scopes: ['shell'],
		danger: 'none',
		run: (context) => showMode(context, 'menu'),
	}),
	defineCommand({
		id: 'shell.close',
		title: 'End the session and go back to the lists',
		hint: 'end',
		keys: ['q'],
		scopes: ['shellMenu'],
		danger: 'none',
		run: ({ effects }) => effects.sessions.closeShell(),
	}),
	defineCommand({
		id: 'shell.leave',
		title: 'Go back to the lists; the session runs on',
		hint: 'background',
		keys: ['d'],
		scopes: ['shellMenu'],
		danger: 'none',
		run: ({ effects }) => effects.sessions.leaveShell(),
	}),
	defineCommand({
		id: 'shell.zoom',
		title: 'Give the session the whole screen, or take it back',
		hint: 'zoom',
		keys: ['z'],
		scopes: ['shellMenu', 'shellDone'],
		danger: 'none',
		run: ({ dispatch }) => dispatch('shell', { kind: 'shellZoomToggled' }),
	}),
	defineCommand({
		id: 'shell.scroll',
		title: 'Look at what has gone by',
		hint: 'scroll',
		keys: ['['],
		scopes: ['shellMenu', 'shellDone'],
		danger: 'none',
		run: (context) => showMode(context, 'scroll'),
	}),
	defineCommand({
		id: 'shell.next',
		title: 'Show the next open session',
		hint: 'next',
		keys: ['n', 'tab'],
		scopes: ['shellMenu'],
		danger: 'none',
		available: ({ shell }) => shell.sessions.length > 1 || 'No other session is open.',
		run({ state: { shell }, effects }) {
			const index = shell.sessions.findIndex(({ id }) => id === shell.currentId);
			const next = shell.sessions[(index + 1) % shell.sessions.length];
			if (next) effects.sessions.showShell(next.id);
		},
	}),
	defineCommand({
		id: 'shell.sendChord',
		title: 'Send this key itself into the container',
		keys: ['ctrl+]'],
		scopes: ['shellMenu'],
		danger: 'none',
		run: ({ effects }) => effects.sessions.sendEscapeChord(),
	}),
	defineCommand({
		id: 'shell.resume',
		title: 'Give the keys back to the container',
		hint: 'go on',
		keys: ['escape', 'enter'],
		scopes: ['shellMenu'],
		danger: 'none',
		run: (context) => showMode(context, 'keys'),
	}),
	defineCommand({
		id: 'shell.done',
		title: 'Close the session that has ended',
		hint: 'close',
		keys: ['enter', 'q', 'escape'],
		scopes: ['shellDone'],
		danger: 'none',
		run: ({ effects }) => effects.sessions.closeShell(),
	}),
	defineCommand({
		id: 'attach.confirm',
		title: 'Attach: keys go to the process',
		hint: 'attach',
		keys: ['y'],
		scopes: ['shellAsk'],
		danger: 'session',
		available: ({ shell }) => currentShell(shell)?.phase.kind === 'asking' || 'Nothing was asked.',
		run: ({ effects }) => effects.sessions.confirmAttach(),
	}),
	defineCommand({
		id: 'attach.cancel',
		title: 'Do not attach',
		hint: 'cancel',
		keys: ['n', 'escape', 'enter', 'q'],
		scopes: ['shellAsk'],
		danger: 'none',
		run: ({ effects }) => effects.sessions.closeShell(),
	}),
];

const scrollCommands: readonly Command[] = [
	scrolls('shell.down', 'Scroll down', ['j', 'down'], () => 1),
	scrolls('shell.up', 'Scroll up', ['k', 'up'], () => -1),
	scrolls('shell.halfDown', 'Scroll down half a page', ['ctrl+d'], (page) => Math.ceil(page / 2)),
	scrolls('shell.halfUp', 'Scroll up half a page', ['ctrl+u'], (page) => -Math.ceil(page / 2)),
	scrolls('shell.pageDown', 'Scroll down a page', ['ctrl+f', 'pagedown', 'space'], (page) => page),
	scrolls('shell.pageUp', 'Scroll up a page', ['ctrl+b', 'pageup'], (page) => -page),
	scrolls('shell.top', 'Go to the first line kept', ['g', 'home'], () => -1e6),
	scrolls('shell.bottom', 'Go to the last line', ['G', 'end'], () => 1e6),
	defineCommand({
		id: 'shell.endScroll',
		title: 'Stop scrolling',
		hint: 'back',
		keys: ['q', 'escape', 'enter'],
		scopes: ['shellScroll'],
		danger: 'none',
		run: ({ effects }) => effects.sessions.endScrolling(),
	}),
];

/** Shells and attached containers. */
export const sessionCommands: readonly Command[] = [
	...openingCommands,
	...menuCommands.map((command) => ({ available: hasSession, ...command })),
	...scrollCommands,
];
