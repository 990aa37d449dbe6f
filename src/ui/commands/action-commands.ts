import type { Row } from '../resources/rows.ts';
import { actionable, pruneTargets, requiredText, runningOf, targetOf } from '../store/action-targets.ts';
import { chosenRows, focusedList } from '../store/selectors.ts';
import type { RowVerb } from '../store/slices/actions.ts';
import type { UiState } from '../store/state.ts';
import { type Command, type CommandContext, defineCommand } from './command.ts';

/** The rows an action means: marked or under the cursor; a pod cannot be killed, its containers can. */
function rowsOf(state: UiState, verb: RowVerb): readonly Row[] {
	const rows = chosenRows(state, focusedList(state));
	if (verb !== 'kill') return rows;
	return rows.flatMap((row): readonly Row[] => (row.kind === 'pod' ? runningOf(row) : [row]));
}

function able(verb: RowVerb) {
	return (state: UiState): true | string => {
		if (!state.connection.endpoint) return 'No runtime is connected.';
		if (chosenRows(state, focusedList(state)).length === 0) return 'Nothing is selected.';
		const rows = rowsOf(state, verb);
		if (rows.length === 0) return 'No container of this pod is running.';
		const reasons = rows.map((row) => actionable(verb, row));
		// Of many marked rows some may be left out; the dialog says which.
		return reasons.includes(true) || (reasons[0] ?? true);
	};
}

function open(verb: RowVerb) {
	return ({ state, dispatch }: CommandContext): void => {
		const rows = rowsOf(state, verb);
		const taken = rows.filter((row) => actionable(verb, row) === true);
		const skipped = rows.map((row) => actionable(verb, row)).filter((reason) => reason !== true);
		dispatch('actions', {
			kind: 'dialogOpened',
			dialog: {
				verb,
				endpoint: state.connection.endpoint,
				targets: taken.map(targetOf),
				skipped,
				requiredText: requiredText(state, verb, taken),
			},
		});
		dispatch('overlays', { kind: 'overlayOpened', overlay: 'dialog' });
	};
}

/** What changes the node: each opens the dialog, and only that does it. */
export const actionCommands: readonly Command[] = [
	defineCommand({
		id: 'object.stop',
		title: 'Stop: the stop signal, then SIGKILL after the grace time',
		hint: 'stop',
		keys: ['S'],
		scopes: ['pods', 'containers', 'images'],
		danger: 'confirm',
		available: able('stop'),
		run: open('stop'),
	}),
	defineCommand({
		id: 'object.kill',
		title: 'Kill at once (SIGKILL)',
		keys: ['K'],
		scopes: ['pods', 'containers', 'images'],
		danger: 'confirm',
		available: able('kill'),
		run: open('kill'),
	}),
	defineCommand({
		id: 'object.remove',
		title: 'Remove',
		hint: 'remove',
		keys: ['D'],
		scopes: ['pods', 'containers', 'images'],
		danger: 'confirm',
		available: able('remove'),
		run: open('remove'),
	}),
	defineCommand({
		id: 'node.prune',
		title: 'Prune: remove what is left over (old attempts, stopped pods, unused images)',
		keys: ['X'],
		scopes: ['pods', 'containers', 'images'],
		danger: 'confirm',
		available: (state) => {
			if (!state.connection.endpoint) return 'No runtime is connected.';
			if (pruneTargets(state).length > 0) return true;
			return state.inventory.refreshedAtMs.containers === undefined
				? 'The runtime listed no containers yet: what is left over is not known.'
				: 'Nothing is left over: no prune needed.';
		},
		run: ({ state, dispatch }) => {
			dispatch('actions', {
				kind: 'dialogOpened',
				dialog: {
					verb: 'prune',
					endpoint: state.connection.endpoint,
					targets: pruneTargets(state),
					skipped: [],
					requiredText: undefined,
				},
			});
			dispatch('overlays', { kind: 'overlayOpened', overlay: 'dialog' });
		},
	}),
];
