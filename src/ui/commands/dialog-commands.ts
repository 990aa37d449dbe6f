import { dialogReady, liveTargets } from '../store/action-targets.ts';
import { usesGrace } from '../store/action-words.ts';
import type { TargetKind } from '../store/slices/actions.ts';
import type { UiState } from '../store/state.ts';
import { dialogScrollLimit } from '../views/dialog-text.ts';
import { type Command, type CommandContext, defineCommand } from './command.ts';

/** Closes the dialog and begins what it asked for, on what is left of its objects. */
export function beginConfirmed({ state, dispatch, effects }: CommandContext): void {
	const { dialog } = state.actions;
	if (!dialog || dialogReady(state) !== true) return;
	const targets = liveTargets(state, dialog);
	closeDialog(dispatch);
	for (const list of ['pods', 'containers', 'images'] as const) {
		// What was marked has been dealt with: the next key must not mean it once more.
		if (state.lists[list].marked.size > 0) dispatch('lists', { kind: 'marksCleared', list });
	}
	effects.actions.begin({ verb: dialog.verb, targets, graceSeconds: dialog.graceSeconds });
}

function closeDialog(dispatch: CommandContext['dispatch']): void {
	dispatch('actions', { kind: 'dialogClosed' });
	dispatch('overlays', { kind: 'overlayClosed', overlay: 'dialog' });
}

function prunesKind(state: UiState, kind: TargetKind): true | string {
	const { dialog } = state.actions;
	if (dialog?.verb !== 'prune') return 'This works in the prune dialog.';
	return dialog.targets.some((target) => target.kind === kind) || `No ${kind} is left over.`;
}

function scrolls(id: string, title: string, keys: readonly string[], delta: number): Command {
	return defineCommand({
		id,
		title,
		keys,
		scopes: ['dialog'],
		danger: 'none',
		silent: true,
		run: ({ state, dispatch }) =>
			dispatch('actions', { kind: 'dialogScrolled', delta, limit: dialogScrollLimit(state) }),
	});
}

const kinds: readonly TargetKind[] = ['container', 'pod', 'image'];

/** The keys of the confirmation: Cancel is where the focus starts, `y` is the one lower-case yes. */
export const dialogCommands: readonly Command[] = [
	defineCommand({
		id: 'dialog.confirm',
		title: 'Yes, do it',
		hint: 'yes, do it',
		keys: ['y'],
		scopes: ['dialog'],
		danger: 'confirm',
		silent: true,
		available: dialogReady,
		run: (context) => {
			const { dialog } = context.state.actions;
			if (dialog?.requiredText === undefined) beginConfirmed(context);
			else {
				context.dispatch('entry', {
					kind: 'entryOpened',
					entry: 'confirmName',
					label: `Type "${dialog.requiredText}" to ${dialog.verb} it:`,
				});
			}
		},
	}),
	defineCommand({
		id: 'dialog.cancel',
		title: 'No, leave everything as it is',
		hint: 'no',
		keys: ['n', 'escape', 'q'],
		scopes: ['dialog'],
		danger: 'none',
		silent: true,
		run: ({ dispatch }) => closeDialog(dispatch),
	}),
	defineCommand({
		id: 'dialog.press',
		title: 'Press the focused button',
		keys: ['enter'],
		scopes: ['dialog'],
		danger: 'none',
		silent: true,
		run: ({ state, runCommand }) =>
			runCommand(state.actions.dialog?.focus === 'confirm' ? 'dialog.confirm' : 'dialog.cancel'),
	}),
	defineCommand({
		id: 'dialog.switch',
		title: 'Go to the other button',
		hint: 'other button',
		keys: ['tab', 'shift+tab', 'left', 'right', 'h', 'l'],
		scopes: ['dialog'],
		danger: 'none',
		silent: true,
		run: ({ dispatch }) => dispatch('actions', { kind: 'dialogFocusMoved' }),
	}),
	defineCommand({
		id: 'dialog.grace',
		title: 'Type another grace time',
		keys: ['g'],
		scopes: ['dialog'],
		danger: 'none',
		silent: true,
		available: (state) =>
			(state.actions.dialog !== undefined && usesGrace(state, state.actions.dialog)) ||
			'There is no grace time to change here.',
		run: ({ dispatch }) =>
			dispatch('entry', { kind: 'entryOpened', entry: 'graceSeconds', label: 'Grace time in seconds:' }),
	}),
	...kinds.map((kind, index) =>
		defineCommand({
			id: `dialog.${kind}s`,
			title: `Prune ${kind}s too, or leave them`,
			keys: [`${index + 1}`],
			scopes: ['dialog'],
			danger: 'none',
			silent: true,
			available: (state) => prunesKind(state, kind),
			run: ({ dispatch }) => dispatch('actions', { kind: 'kindToggled', target: kind }),
		}),
	),
	scrolls('dialog.down', 'Scroll down', ['j', 'down'], 1),
	scrolls('dialog.up', 'Scroll up', ['k', 'up'], -1),
	scrolls('dialog.pageDown', 'Scroll down a page', ['ctrl+f', 'pagedown', 'space'], 5),
	scrolls('dialog.pageUp', 'Scroll up a page', ['ctrl+b', 'pageup'], -5),
];
