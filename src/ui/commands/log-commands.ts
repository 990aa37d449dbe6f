import { formatPlural } from '../../text/numbers.ts';
import { patternSyntax } from '../entries/log-pattern.ts';
import { saveLabels } from '../entries/log-save.ts';
import { boxOf } from '../store/layout.ts';
import { chosenEntries, shownText } from '../store/slices/logs/entry-text.ts';
import type { LogStreams } from '../store/slices/logs/logs-state.ts';
import type { UiState } from '../store/state.ts';
import { type Command, type CommandContext, defineCommand } from './command.ts';

/** Why nothing can be done with the log, or true. */
export function hasLog({ logs }: UiState): true | string {
	if (logs.source.kind === 'open') return true;
	return logs.source.kind === 'opening' ? 'The log is still being opened.' : logs.source.text;
}

function hasLines(state: UiState): true | string {
	const able = hasLog(state);
	return able !== true || state.logs.entries.length > 0 ? able : 'There is no line here.';
}

function inLog(
	id: string,
	title: string,
	keys: readonly string[],
	run: (context: CommandContext) => void,
	more: Pick<Command, 'hint' | 'available'> = {},
): Command {
	return defineCommand({
		id,
		title,
		keys,
		scopes: ['logs'],
		danger: 'none',
		available: hasLog,
		run,
		...more,
	});
}

const nextStreams: Readonly<Record<LogStreams, LogStreams>> = {
	both: 'stdout',
	stdout: 'stderr',
	stderr: 'both',
};

function notice({ dispatch }: CommandContext, text: string): void {
	dispatch('notices', { kind: 'noticeRaised', level: 'plain', text });
}

function savePath({ logs, nowMs }: UiState): string {
	const name = logs.title.replaceAll(/[^\p{L}\p{N}._-]+/gu, '-') || 'container';
	const stamp = new Date(nowMs).toISOString().replaceAll(/[-:]/gu, '').replace('T', '-').slice(0, 15);
	return `${name}-${stamp}.log`;
}

/** Opening a log, and what is done with the lines in it. Moving about is in log-move-commands.ts. */
export const logCommands: readonly Command[] = [
	defineCommand({
		id: 'logs.open',
		title: 'Read the log of this container',
		hint: 'log',
		keys: ['l'],
		scopes: ['pods', 'containers', 'logs'],
		danger: 'none',
		run: ({ dispatch }) => {
			dispatch('logs', { kind: 'logModeChosen', mode: 'container' });
			dispatch('screen', { kind: 'paneFocused', pane: 'logs' });
		},
	}),
	defineCommand({
		id: 'logs.openPod',
		title: 'Read the logs of all containers of this pod, merged by time',
		keys: ['L'],
		scopes: ['pods', 'containers', 'logs'],
		danger: 'none',
		run: ({ dispatch }) => {
			dispatch('logs', { kind: 'logModeChosen', mode: 'pod' });
			dispatch('screen', { kind: 'paneFocused', pane: 'logs' });
		},
	}),
	defineCommand({
		id: 'logs.previousAttempt',
		title: 'Go to the log of the attempt before',
		keys: ['p'],
		scopes: ['containers', 'logs'],
		danger: 'none',
		available: ({ logs }) =>
			logs.mode === 'container' || 'Attempts are shown one container at a time: press l first.',
		run: ({ dispatch, effects }) => {
			dispatch('screen', { kind: 'paneFocused', pane: 'logs' });
			effects.logs.toPreviousAttempt();
		},
	}),
	inLog(
		'logs.search',
		'Search the whole history',
		['/'],
		({ state, dispatch }) =>
			dispatch('entry', {
				kind: 'entryOpened',
				entry: 'logSearch',
				label: `Search (${patternSyntax})`,
				history: state.logs.recent,
			}),
		{ hint: 'search' },
	),
	...(['forward', 'backward'] as const).map((direction) =>
		inLog(
			direction === 'forward' ? 'logs.next' : 'logs.previous',
			direction === 'forward' ? 'Go to the next match' : 'Go to the match before',
			[direction === 'forward' ? 'n' : 'N'],
			({ effects }) => effects.logs.find(direction),
			{ available: (state) => (state.logs.search ? hasLog(state) : 'Search for something first: /.') },
		),
	),
	inLog(
		'logs.filter',
		'Show only lines that match; again: with the lines around them; again: all',
		['&'],
		({ state, dispatch }) => {
			const { query, recent } = state.logs;
			if (!query.filter) {
				const label = `Show only (${patternSyntax})`;
				dispatch('entry', { kind: 'entryOpened', entry: 'logFilter', label, history: recent });
			} else if (!query.context) dispatch('logs', { kind: 'logQueryChanged', query: { context: true } });
			else dispatch('logs', { kind: 'logQueryChanged', query: { filter: undefined, context: false } });
		},
		{ hint: 'filter' },
	),
	inLog(
		'logs.goToTime',
		'Go to a time: 5m, 14:03, yesterday 14:00, ISO',
		['@'],
		({ dispatch }) =>
			dispatch('entry', {
				kind: 'entryOpened',
				entry: 'logTime',
				label: 'Go to (5m, 14:03, yesterday 14:00, ISO)',
			}),
		{ hint: 'time' },
	),
	inLog('logs.streams', 'Show both streams, stdout only, stderr only', ['x'], (context) => {
		const streams = nextStreams[context.state.logs.query.streams];
		context.dispatch('logs', { kind: 'logQueryChanged', query: { streams } });
		notice(context, streams === 'both' ? 'Both streams.' : `Only ${streams}.`);
	}),
	inLog(
		'logs.mark',
		'Mark this line, or unmark it',
		['m'],
		({ dispatch }) => dispatch('logs', { kind: 'logMarkToggled' }),
		{ available: hasLines },
	),
	inLog(
		'logs.markOn',
		'Mark this line and move on',
		['space'],
		({ dispatch }) => {
			dispatch('logs', { kind: 'logMarkToggled' });
			dispatch('logs', { kind: 'logCursorMoved', lines: 1 });
		},
		{ available: hasLines },
	),
	inLog(
		'logs.range',
		'Begin a range of marks, or end it here',
		['v'],
		(context) => {
			const { rangeKey } = context.state.logs;
			context.dispatch('logs', { kind: 'logRangeToggled' });
			if (rangeKey === undefined) notice(context, 'Go to the other end of the range and press v again.');
		},
		{ available: hasLines },
	),
	inLog('logs.unmark', 'Clear all marks', ['u'], ({ dispatch }) =>
		dispatch('logs', { kind: 'logMarksCleared' }),
	),
	inLog(
		'logs.copy',
		'Copy the marked lines, or this one',
		['c'],
		({ state, effects }) => {
			const chosen = chosenEntries(state.logs);
			const text = chosen.map((entry, index) => shownText(state.logs, entry, chosen[index - 1])).join('\n');
			effects.app.copy(text, formatPlural(chosen.length, 'line'));
		},
		{ available: hasLines },
	),
	inLog(
		'logs.save',
		'Save the marked lines, or the whole log as filtered',
		['ctrl+s'],
		({ state, dispatch }) => {
			const { marks, query } = state.logs;
			const isNarrow = query.filter !== undefined || query.streams !== 'both';
			const label =
				marks.size > 0 ? saveLabels.marked : isNarrow ? saveLabels.filtered : saveLabels.everything;
			dispatch('entry', { kind: 'entryOpened', entry: 'logSave', label, value: savePath(state) });
		},
	),
	inLog(
		'logs.saveScreen',
		'Save exactly the lines on the screen',
		['ctrl+o'],
		({ state, dispatch }) =>
			dispatch('entry', {
				kind: 'entryOpened',
				entry: 'logSave',
				label: saveLabels.screen,
				value: savePath(state),
			}),
		{
			available: (state) => (boxOf(state.screen, 'logs') ? hasLines(state) : 'The log is not on the screen.'),
		},
	),
	defineCommand({
		id: 'logs.stop',
		title: 'Stop searching, reading or saving; stop following; then leave',
		keys: ['ctrl+c'],
		scopes: ['logs'],
		danger: 'none',
		silent: true,
		run: (context) => {
			const { state, dispatch, effects } = context;
			if (effects.logs.cancel()) notice(context, 'Stopped.');
			else if (state.logs.source.kind === 'open' && state.logs.following) {
				dispatch('logs', { kind: 'logFollowToggled' });
				notice(context, 'No longer following. Ctrl-c again leaves.');
			} else effects.app.quit();
		},
	}),
	defineCommand({
		id: 'logs.back',
		title: 'Go back: stop, fold, clear search, filter, marks, then leave the log',
		keys: ['escape'],
		scopes: ['logs'],
		danger: 'none',
		silent: true,
		run: (context) => {
			const { state, dispatch, effects, runCommand } = context;
			const { logs } = state;
			if (effects.logs.cancel()) notice(context, 'Stopped.');
			else if (logs.expandedKey !== undefined) dispatch('logs', { kind: 'logLineExpanded' });
			else if (logs.search) dispatch('logs', { kind: 'logSearchChanged', pattern: undefined });
			else if (logs.query.filter || logs.query.streams !== 'both') {
				const query = { filter: undefined, context: false, streams: 'both' } as const;
				dispatch('logs', { kind: 'logQueryChanged', query });
			} else if (logs.marks.size > 0) dispatch('logs', { kind: 'logMarksCleared' });
			else runCommand('app.back');
		},
	}),
];
