import { documentText } from '../inspect/document.ts';
import { inspectDocument, inspectFlow, inspectPlace, inspectWindow } from '../inspect/inspect-document.ts';
import { lineKey } from '../inspect/place.ts';
import { defaultSavePath } from '../inspect/save-path.ts';
import { nextMatch } from '../inspect/search-moves.ts';
import { resourceOf } from '../resources/index.ts';
import { focusedList, selectedRow } from '../store/selectors.ts';
import { type InspectState, type InspectTab, inspectTabs, tabsOf } from '../store/slices/inspect.ts';
import type { UiState } from '../store/state.ts';
import { type Command, type CommandContext, defineCommand } from './command.ts';
import { neighbourOf, openInspect, subjectUnderCursor } from './inspect-open.ts';

function hasLines(state: UiState): true | string {
	return inspectDocument(state).length > 0 || 'There is nothing to show yet.';
}

function choosesTab(
	id: string,
	title: string,
	keys: readonly string[],
	next: (state: NonNullable<InspectState>) => InspectTab,
	hint?: string,
	available?: Command['available'],
): Command {
	return defineCommand({
		id,
		title,
		hint,
		keys,
		scopes: ['inspect'],
		danger: 'none',
		...(available && { available }),
		run: ({ state, dispatch }) => {
			if (state.inspect) dispatch('inspect', { kind: 'inspectTabChosen', tab: next(state.inspect) });
		},
	});
}

function turned({ tab, subject }: NonNullable<InspectState>, step: number): InspectTab {
	const tabs = tabsOf(subject.list);
	const index = tabs.indexOf(tab) + step;
	return tabs[(index + tabs.length) % tabs.length] ?? 'summary';
}

const tabTitles: Readonly<Record<InspectTab, string>> = {
	summary: 'Show the summary',
	yaml: 'Show the YAML',
	json: 'Show the JSON',
	layers: 'Show what the image is made of: layers, history, who shares them',
};

/** Whether the object in view has a tab. */
function hasTab(state: UiState, tab: InspectTab): true | string {
	if (!state.inspect || tabsOf(state.inspect.subject.list).includes(tab)) return true;
	return `A ${resourceOf(state.inspect.subject.list).noun} has no layers: its image has.`;
}

function goesTo(id: string, title: string, keys: readonly string[], step: -1 | 1): Command {
	return defineCommand({
		id,
		title,
		keys,
		scopes: ['inspect'],
		danger: 'none',
		available: (state) => {
			if (neighbourOf(state, step)) return true;
			const noun = state.inspect ? resourceOf(state.inspect.subject.list).noun : 'object';
			return step > 0 ? `This is the last ${noun} of the list.` : `This is the first ${noun} of the list.`;
		},
		run: ({ state, dispatch }) => {
			const next = neighbourOf(state, step);
			if (!next) return;
			dispatch('lists', { kind: 'rowSelected', list: next.list, id: next.id });
			openInspect(dispatch, next);
		},
	});
}

function findsNext(id: string, title: string, keys: readonly string[], step: -1 | 1): Command {
	return defineCommand({
		id,
		title,
		keys,
		scopes: ['inspect'],
		danger: 'none',
		available: (state) => (state.inspect?.search?.query ? true : 'Search first: / and a text.'),
		run: ({ state, dispatch }) => {
			const move = nextMatch(state, step);
			if (!move) {
				const text = `Nothing matches "${state.inspect?.search?.query ?? ''}".`;
				dispatch('notices', { kind: 'noticeRaised', level: 'warn', text });
				return;
			}
			dispatch('inspect', { kind: 'inspectSearched', search: move.search });
			dispatch('inspect', { kind: 'inspectPlaced', place: move.place });
			if (move.wrapped) {
				const text = step > 0 ? 'Search went on at the top.' : 'Search went on at the end.';
				dispatch('notices', { kind: 'noticeRaised', level: 'plain', text });
			}
		},
	});
}

function copyShown({ state, effects }: CommandContext): void {
	const { inspect } = state;
	if (!inspect) return;
	const lines = inspectDocument(state);
	const { marked } = inspect;
	const chosen = marked.size > 0 ? lines.filter((_, index) => marked.has(lineKey(lines, index))) : lines;
	const secrets = inspect.secretsShown ? ', secrets and all' : '';
	const what =
		marked.size > 0 ? `${chosen.length} marked lines` : `the ${inspect.tab} of ${inspect.subject.name}`;
	effects.app.copy(documentText(chosen), `${what}${secrets}`);
}

/** Opening the inspect view, and everything that works in it. */
export const inspectCommands: readonly Command[] = [
	defineCommand({
		id: 'inspect.open',
		title: 'Inspect: why it is in this state, and everything the runtime says of it',
		hint: 'inspect',
		keys: ['i', 'd'],
		scopes: ['pods', 'containers', 'images', 'logs'],
		danger: 'none',
		available: (state) =>
			subjectUnderCursor(state) ? true : `No ${resourceOf(focusedList(state)).noun} is selected.`,
		run: ({ state, dispatch }) => {
			const subject = subjectUnderCursor(state);
			if (subject) openInspect(dispatch, subject);
		},
	}),
	defineCommand({
		id: 'image.layers',
		title: 'Show the layers of the image: sizes, history, who shares and uses them',
		hint: 'layers',
		keys: ['l'],
		scopes: ['images'],
		danger: 'none',
		available: (state) => (selectedRow(state, 'images') ? true : 'No image is selected.'),
		run: ({ state, dispatch }) => {
			const row = selectedRow(state, 'images');
			if (!row) return;
			openInspect(dispatch, { list: 'images', id: row.id, name: row.name });
			dispatch('inspect', { kind: 'inspectTabChosen', tab: 'layers' });
		},
	}),
	choosesTab(
		'inspect.format',
		"Turn to the next of summary, YAML, JSON and an image's layers",
		['y', 'tab'],
		(inspect) => turned(inspect, 1),
		'yaml/json',
	),
	choosesTab('inspect.formatBack', 'Turn to the one before', ['shift+tab'], (inspect) => turned(inspect, -1)),
	...inspectTabs.map((tab, index) =>
		choosesTab(
			`inspect.${tab}`,
			tabTitles[tab],
			[`${index + 1}`],
			() => tab,
			undefined,
			(state) => hasTab(state, tab),
		),
	),
	defineCommand({
		id: 'inspect.search',
		title: 'Search; capitals count where the text has some',
		hint: 'search',
		keys: ['/'],
		scopes: ['inspect'],
		danger: 'none',
		available: hasLines,
		run: ({ state, dispatch }) => {
			if (!state.inspect) return;
			const origin = inspectPlace(state.inspect);
			const query = state.inspect.search?.query ?? '';
			dispatch('inspect', { kind: 'inspectSearched', search: { query: '', at: undefined, origin } });
			dispatch('entry', {
				kind: 'entryOpened',
				entry: 'inspectSearch',
				label: '/',
				history: query === '' ? [] : [query],
			});
		},
	}),
	findsNext('inspect.next', 'Go to the next match', ['n'], 1),
	findsNext('inspect.previous', 'Go to the match before', ['N'], -1),
	defineCommand({
		id: 'inspect.secrets',
		title: 'Show what looks like a secret, or hide it again',
		hint: 'secrets',
		keys: ['x'],
		scopes: ['inspect'],
		danger: 'none',
		run: ({ dispatch }) => dispatch('inspect', { kind: 'inspectSecretsToggled' }),
	}),
	defineCommand({
		id: 'inspect.copy',
		title: 'Copy the marked lines, or all of what is shown',
		hint: 'copy',
		keys: ['c'],
		scopes: ['inspect'],
		danger: 'none',
		available: hasLines,
		run: copyShown,
	}),
	defineCommand({
		id: 'inspect.save',
		title: 'Save what is shown to a file',
		hint: 'save',
		keys: ['ctrl+s'],
		scopes: ['inspect'],
		danger: 'none',
		available: hasLines,
		run: ({ state, dispatch }) => {
			if (!state.inspect) return;
			dispatch('inspect', { kind: 'inspectReplaceAsked', path: undefined });
			const value = defaultSavePath(state.inspect.subject, state.inspect.tab);
			dispatch('entry', { kind: 'entryOpened', entry: 'inspectSave', label: 'Save to', value });
		},
	}),
	defineCommand({
		id: 'inspect.wrap',
		title: 'Wrap long lines, or show them on one row each',
		hint: 'wrap',
		keys: ['w'],
		scopes: ['inspect'],
		danger: 'none',
		run: ({ dispatch }) => dispatch('inspect', { kind: 'inspectWrapToggled' }),
	}),
	defineCommand({
		id: 'inspect.mark',
		title: 'Mark this line for copying and move on',
		keys: ['space'],
		scopes: ['inspect'],
		danger: 'none',
		available: hasLines,
		run: ({ state, dispatch, runCommand }) => {
			const lines = inspectDocument(state);
			const { line } = inspectFlow(state).rowAt(inspectWindow(state).cursor);
			dispatch('inspect', { kind: 'inspectMarkToggled', key: lineKey(lines, line) });
			runCommand('inspect.down');
		},
	}),
	defineCommand({
		id: 'inspect.unmark',
		title: 'Clear all marks',
		keys: ['u'],
		scopes: ['inspect'],
		danger: 'none',
		run: ({ dispatch }) => dispatch('inspect', { kind: 'inspectMarksCleared' }),
	}),
	goesTo('inspect.nextObject', 'Inspect the next one of the list', ['.', '>'], 1),
	goesTo('inspect.previousObject', 'Inspect the one before in the list', [',', '<'], -1),
	defineCommand({
		id: 'inspect.refresh',
		title: 'Ask the runtime again now',
		keys: ['ctrl+r'],
		scopes: ['inspect'],
		danger: 'none',
		run: ({ effects }) => effects.inspect.refresh(),
	}),
];
