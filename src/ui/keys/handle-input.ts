/** From a key to what it does: the typed line, then the keymap of the place, then the command's own gate. */
import { availability, type Command, type CommandContext } from '../commands/command.ts';
import { scopeTitles } from '../commands/help-entries.ts';
import type { Effects } from '../effects/effects.ts';
import { entryOf } from '../entries/index.ts';
import type { Store } from '../store/store.ts';
import { type KeyInput, keyToString, type PasteInput } from '../terminal/terminal-input.ts';
import { formatChord } from './display.ts';
import type { Keymap } from './keymap.ts';
import { placeOf } from './place.ts';
import { type Scope, scopesAt } from './scope.ts';

/** Takes keys and pastes, one after the other. */
export type InputHandler = {
	readonly key: (input: KeyInput) => void;
	readonly paste: (input: PasteInput) => void;
	/** Runs a command as if its key had been pressed. */
	readonly run: (id: string) => void;
};

/** Places where people try the keys of the others: a key of a neighbour must not look broken. */
const neighbours: ReadonlySet<Scope> = new Set(['pods', 'containers', 'images', 'logs', 'inspect']);

const escapeKey: KeyInput = { kind: 'key', name: 'escape', ctrl: false, alt: false, shift: false };

function withoutAlt(input: KeyInput): KeyInput {
	const text = input.name === 'space' ? ' ' : [...input.name].length === 1 ? input.name : undefined;
	return { ...input, alt: false, ...(input.ctrl || text === undefined ? {} : { text }) };
}

/** Builds the handler; it remembers only the beginning of an unfinished chord. */
export function createInputHandler(options: {
	readonly store: Store;
	readonly keymap: Keymap;
	readonly commands: readonly Command[];
	readonly effects: Effects;
}): InputHandler {
	const { store, keymap, commands, effects } = options;
	const byId = new Map(commands.map((command) => [command.id, command]));
	let pending: readonly string[] = [];

	function context(): CommandContext {
		return { state: store.getSnapshot(), dispatch: store.dispatch, effects, commands, runCommand: run };
	}

	function run(id: string): void {
		const command = byId.get(id);
		if (!command) return;
		const able = availability(command, store.getSnapshot());
		if (able !== true) {
			store.dispatch('notices', { kind: 'noticeRaised', level: 'warn', text: able });
			return;
		}
		const before = store.getSnapshot().entry;
		command.run(context());
		const { entry } = store.getSnapshot();
		if (before && entry && before.kind === entry.kind && before.value !== entry.value) {
			entryOf(entry.kind).change?.(context(), entry.value);
		}
	}

	function insert(text: string): void {
		const kind = store.getSnapshot().entry?.kind;
		if (!kind) return;
		store.dispatch('entry', { kind: 'entryEdited', edit: { op: 'insert', text } });
		const value = store.getSnapshot().entry?.value;
		if (value !== undefined) entryOf(kind).change?.(context(), value);
	}

	/** Says where a key works that does nothing here. */
	function sayWhere(place: Scope, key: string): void {
		if (!neighbours.has(place)) return;
		const command = commands.find(
			({ id, scopes }) =>
				scopes.some((scope) => neighbours.has(scope)) &&
				keymap.keysOf(id).some((chord) => chord.length === 1 && chord[0] === key),
		);
		if (!command) return;
		const places = command.scopes.map((scope) => scopeTitles[scope]).join(', ');
		const text = `${formatChord([key])} does nothing here; it works in ${places}: ${command.title}`;
		store.dispatch('notices', { kind: 'noticeRaised', level: 'warn', text });
	}

	function press(input: KeyInput): void {
		const state = store.getSnapshot();
		const place = placeOf(state);
		const resolution = keymap.resolve(scopesAt(place), pending, keyToString(input));
		if (resolution.kind === 'none' && input.alt) {
			// Over a slow line Escape and the next key arrive as one, and look like Alt: nobody bound that, so it was not meant.
			press(escapeKey);
			press(withoutAlt(input));
			return;
		}
		pending = resolution.kind === 'pending' ? resolution.keys : [];
		const seen = state.notices.current;
		if (resolution.kind === 'command') run(resolution.id);
		else if (resolution.kind === 'none' && state.entry && input.text) insert(input.text);
		else if (resolution.kind === 'none') sayWhere(place, keyToString(input));
		// A notice that stood before the key was pressed has been seen, unless the key was about it.
		if (seen && store.getSnapshot().notices.current?.id === seen.id && !state.entry) {
			store.dispatch('notices', { kind: 'noticeDismissed' });
		}
		store.flush();
	}

	return {
		run,
		key: press,
		paste(input) {
			// Pasted text is text, wherever it lands: it never becomes a command.
			if (store.getSnapshot().entry) insert(input.text);
			else {
				const text = 'Pasted text ignored: no line is being typed.';
				store.dispatch('notices', { kind: 'noticeRaised', level: 'warn', text });
			}
			store.flush();
		},
	};
}
