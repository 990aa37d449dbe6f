import { entryOf } from '../entries/index.ts';
import type { EntryEdit, EntryKind } from '../store/slices/entry.ts';
import { type Command, defineCommand } from './command.ts';

/** Lines whose Enter does what a read-only session refuses. */
const acting: ReadonlySet<EntryKind> = new Set([
	'confirmName',
	'forwardPorts',
	'pullImage',
	'pullUsername',
	'pullPassword',
]);

function edits(op: Exclude<EntryEdit['op'], 'insert'>, title: string, keys: readonly string[]): Command {
	return defineCommand({
		id: `entry.${op}`,
		title,
		keys,
		scopes: ['prompt'],
		danger: 'none',
		silent: true,
		run: (context) => {
			context.dispatch('entry', { kind: 'entryEdited', edit: { op } });
		},
	});
}

/** Editing the line that is being typed, with the keys of readline. */
export const entryCommands: readonly Command[] = [
	defineCommand({
		id: 'entry.submit',
		title: 'Accept the line',
		keys: ['enter'],
		scopes: ['prompt'],
		danger: 'none',
		silent: true,
		run: (context) => {
			const { entry, readOnly } = context.state;
			// It may have become read-only while the line was being typed.
			if (entry && readOnly.enabled && acting.has(entry.kind)) {
				context.dispatch('entry', { kind: 'entryRefused', problem: readOnly.reason });
			} else if (entry) entryOf(entry.kind).submit(context, entry.value);
		},
	}),
	defineCommand({
		id: 'entry.cancel',
		title: 'Leave the line',
		keys: ['escape', 'ctrl+g'],
		scopes: ['prompt'],
		danger: 'none',
		silent: true,
		run: (context) => {
			const { entry } = context.state;
			context.dispatch('entry', { kind: 'entryClosed' });
			if (entry) entryOf(entry.kind).cancel?.(context);
		},
	}),
	edits('backspace', 'Delete the character before', ['backspace', 'ctrl+h']),
	edits('delete', 'Delete the character under the cursor', ['delete', 'ctrl+d']),
	edits('left', 'Move left', ['left', 'ctrl+b']),
	edits('right', 'Move right', ['right', 'ctrl+f']),
	edits('home', 'Move to the start', ['home', 'ctrl+a']),
	edits('end', 'Move to the end', ['end', 'ctrl+e']),
	edits('deleteWord', 'Delete the word before', ['ctrl+w', 'alt+backspace']),
	edits('deleteToStart', 'Delete to the start', ['ctrl+u']),
	edits('deleteToEnd', 'Delete to the end', ['ctrl+k']),
	edits('wordLeft', 'Move a word left', ['alt+b', 'ctrl+left']),
	edits('wordRight', 'Move a word right', ['alt+f', 'ctrl+right']),
	...([-1, 1] as const).map((delta) =>
		defineCommand({
			id: delta < 0 ? 'entry.previous' : 'entry.next',
			title: delta < 0 ? 'Older line, or the row above' : 'Newer line, or the row below',
			keys: delta < 0 ? ['up', 'ctrl+p'] : ['down', 'ctrl+n'],
			scopes: ['prompt'],
			danger: 'none',
			silent: true,
			run: (context) => {
				const { entry } = context.state;
				if (!entry) return;
				const move = entryOf(entry.kind).move;
				if (move) move(context, delta);
				else context.dispatch('entry', { kind: 'entryEdited', edit: { op: delta < 0 ? 'older' : 'newer' } });
			},
		}),
	),
];
