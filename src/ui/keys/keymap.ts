import { tryParseChord } from './parse.ts';
import type { Scope } from './scope.ts';

/** What a command is bound to: chords as written (`g g`, `ctrl+d`), in one or more scopes. */
export type KeyBinding = {
	readonly commandId: string;
	readonly keys: readonly string[];
	readonly scope: Scope | readonly Scope[];
};

/** What a pressed key means, given what was pressed before it. */
export type KeyResolution =
	| { readonly kind: 'command'; readonly id: string }
	/** The beginning of a longer chord; hand `keys` back in as `pending` with the next key. */
	| { readonly kind: 'pending'; readonly keys: readonly string[] }
	| { readonly kind: 'none' };

/** The table from keys to commands. */
export type Keymap = {
	/**
	 * Says what a key means. Inner scopes come first in `scopes` and win, also over a longer chord of an outer scope.
	 * When pending keys plus this one mean nothing, the key counts by itself: a mistyped `g` must not eat a `j`.
	 * @param key in the spelling of the terminal's `keyToString`.
	 */
	readonly resolve: (scopes: readonly Scope[], pending: readonly string[], key: string) => KeyResolution;
	/** The chords of a command, normalised, in the order they were bound; empty when it is unbound or unknown. */
	readonly keysOf: (commandId: string) => readonly (readonly string[])[];
};

type Step = { commandId: string | undefined; readonly next: Map<string, Step> };

const none: KeyResolution = { kind: 'none' };

/**
 * Builds the table. Chords that do not parse are left out, and the first command bound to a chord in a scope keeps it:
 * both are reported with file and line by the configuration, so that the keys still work meanwhile.
 */
export function createKeymap({ bindings }: { readonly bindings: readonly KeyBinding[] }): Keymap {
	const roots = new Map<Scope, Step>();
	const chordsById = new Map<string, (readonly string[])[]>();
	for (const { commandId, keys, scope } of bindings) {
		for (const written of keys) {
			const chord = tryParseChord(written);
			if (chord === undefined) continue;
			let added = false;
			for (const where of typeof scope === 'string' ? [scope] : scope) {
				added = bind(root(roots, where), chord, commandId) || added;
			}
			const chords = chordsById.get(commandId) ?? [];
			if (added && !chords.some((known) => known.join(' ') === chord.join(' '))) chords.push(chord);
			chordsById.set(commandId, chords);
		}
	}
	const lookUp = (scopes: readonly Scope[], keys: readonly string[]): KeyResolution => {
		for (const scope of scopes) {
			const step = walk(roots.get(scope), keys);
			if (step?.commandId !== undefined) return { kind: 'command', id: step.commandId };
			if (step !== undefined) return { kind: 'pending', keys };
		}
		return none;
	};
	return {
		resolve: (scopes, pending, key) => {
			const found = lookUp(scopes, [...pending, key]);
			return found.kind === 'none' && pending.length > 0 ? lookUp(scopes, [key]) : found;
		},
		keysOf: (commandId) => chordsById.get(commandId) ?? [],
	};
}

function root(roots: Map<Scope, Step>, scope: Scope): Step {
	const found = roots.get(scope);
	if (found !== undefined) return found;
	const made: Step = { commandId: undefined, next: new Map() };
	roots.set(scope, made);
	return made;
}

/** False when another command has the chord, a beginning of it, or a longer one that begins with it. */
function bind(from: Step, chord: readonly string[], commandId: string): boolean {
	let step = from;
	// Looked through before anything is added, so that a refused chord leaves no dead end behind.
	for (const key of chord) {
		const next = step.next.get(key);
		if (next === undefined) break;
		if (next.commandId !== undefined && next.commandId !== commandId) return false;
		step = next;
	}
	const taken = walk(from, chord);
	if (taken !== undefined) return taken.commandId === commandId;
	step = from;
	for (const key of chord) {
		if (step.commandId !== undefined) return false;
		const next: Step = step.next.get(key) ?? { commandId: undefined, next: new Map() };
		step.next.set(key, next);
		step = next;
	}
	step.commandId = commandId;
	return true;
}

function walk(from: Step | undefined, keys: readonly string[]): Step | undefined {
	let step = from;
	for (const key of keys) step = step?.next.get(key);
	return step;
}
