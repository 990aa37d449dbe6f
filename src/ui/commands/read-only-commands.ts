import { formatDuration } from '../../text/duration.ts';
import type { UiState } from '../store/state.ts';
import { type Command, type CommandContext, defineCommand } from './command.ts';

function mayLift({ readOnly, nowMs }: UiState): true | string {
	if (readOnly.liftedUntilMs !== undefined) {
		return `Changes are allowed already, for ${formatDuration(readOnly.liftedUntilMs - nowMs)} more.`;
	}
	if (!readOnly.enabled) return 'This session is not read-only.';
	return readOnly.liftable === true || `${readOnly.reason} It cannot be lifted here.`;
}

function answer({ state, dispatch }: CommandContext, lift: boolean): void {
	if (state.readOnly.asking === undefined) return;
	dispatch('core', { kind: 'liftAnswered', lift });
	dispatch('overlays', { kind: 'overlayClosed', overlay: 'lift' });
	if (lift) {
		const text = 'Changes are allowed for ten minutes; :ro ends that at once.';
		dispatch('notices', { kind: 'noticeRaised', level: 'warn', text });
	}
}

/** Lifting read-only for a while, by `:rw`, and taking it back, by `:ro`. No key does either by accident. */
export const readOnlyCommands: readonly Command[] = [
	defineCommand({
		id: 'session.rw',
		title: 'rw: allow changes for ten minutes, where the login banner opened this read-only',
		keys: [],
		scopes: ['global'],
		danger: 'none',
		available: mayLift,
		run: ({ dispatch }) => {
			dispatch('core', { kind: 'liftAsked' });
			dispatch('overlays', { kind: 'overlayOpened', overlay: 'lift' });
		},
	}),
	defineCommand({
		id: 'session.ro',
		title: 'ro: read-only again at once',
		keys: [],
		scopes: ['global'],
		danger: 'none',
		available: ({ readOnly }) =>
			readOnly.liftedUntilMs !== undefined ||
			(readOnly.enabled ? readOnly.reason : 'This session was not opened read-only.'),
		run: ({ dispatch }) => {
			dispatch('core', { kind: 'readOnlyRestored' });
			dispatch('notices', { kind: 'noticeRaised', level: 'plain', text: 'Read-only again.' });
		},
	}),
	defineCommand({
		id: 'lift.confirm',
		title: 'Yes, allow changes for ten minutes',
		hint: 'yes, allow',
		keys: ['y'],
		scopes: ['lift'],
		danger: 'none',
		silent: true,
		run: (context) => answer(context, true),
	}),
	defineCommand({
		id: 'lift.cancel',
		title: 'No, stay read-only',
		hint: 'no',
		keys: ['n', 'escape', 'q', 'ctrl+c'],
		scopes: ['lift'],
		danger: 'none',
		silent: true,
		run: (context) => answer(context, false),
	}),
	defineCommand({
		id: 'lift.press',
		title: 'Press the focused button',
		keys: ['enter'],
		scopes: ['lift'],
		danger: 'none',
		silent: true,
		run: (context) => answer(context, context.state.readOnly.asking === 'confirm'),
	}),
	defineCommand({
		id: 'lift.switch',
		title: 'Go to the other button',
		hint: 'other button',
		keys: ['tab', 'shift+tab', 'left', 'right', 'h', 'l'],
		scopes: ['lift'],
		danger: 'none',
		silent: true,
		run: ({ dispatch }) => dispatch('core', { kind: 'liftFocusMoved' }),
	}),
];
