import type { KeyBinding } from './keymap.ts';
import { tryParseChord } from './parse.ts';
import { overlaps, type Scope } from './scope.ts';

/** Two commands that want the same keys at the same place. */
export type KeyClash = {
	/** The chord both want, or the shorter one where one is the beginning of the other; normalised. */
	readonly keys: readonly string[];
	/** The command bound first, and the one that came later. */
	readonly commandIds: readonly [string, string];
	readonly scopes: readonly [Scope, Scope];
	/** `same` scope, or two scopes that count together, where the inner one would hide the outer one. */
	readonly kind: 'same' | 'overlapping';
};

type Bound = { readonly commandId: string; readonly chord: readonly string[]; readonly scope: Scope };

/**
 * Finds every pair of commands that want the same keys, in the order of the bindings. One chord being the beginning of
 * another is a clash as well, since the longer one could never be finished. Chords that do not parse are passed over.
 */
export function findKeyClashes(bindings: readonly KeyBinding[]): readonly KeyClash[] {
	const byFirstKey = new Map<string, Bound[]>();
	const clashes: KeyClash[] = [];
	for (const { commandId, keys, scope } of bindings) {
		for (const written of keys) {
			const chord = tryParseChord(written);
			if (chord?.[0] === undefined) continue;
			// Only chords that share their first key can clash, which keeps the search short.
			const rivals = byFirstKey.get(chord[0]) ?? [];
			byFirstKey.set(chord[0], rivals);
			for (const where of typeof scope === 'string' ? [scope] : scope) {
				const bound: Bound = { commandId, chord, scope: where };
				for (const rival of rivals) {
					const clash = compare(rival, bound);
					if (clash !== undefined && !clashes.some((known) => isSame(known, clash))) clashes.push(clash);
				}
				rivals.push(bound);
			}
		}
	}
	return clashes;
}

function compare(first: Bound, second: Bound): KeyClash | undefined {
	if (first.commandId === second.commandId || !overlaps(first.scope, second.scope)) return undefined;
	const [short, long] = first.chord.length <= second.chord.length ? [first, second] : [second, first];
	if (!short.chord.every((key, index) => long.chord[index] === key)) return undefined;
	return {
		keys: short.chord,
		commandIds: [first.commandId, second.commandId],
		scopes: [first.scope, second.scope],
		kind: first.scope === second.scope ? 'same' : 'overlapping',
	};
}

/** A command with several scopes meets the same rival more than once; once is enough to tell. */
function isSame(a: KeyClash, b: KeyClash): boolean {
	return (
		a.commandIds[0] === b.commandIds[0] &&
		a.commandIds[1] === b.commandIds[1] &&
		a.kind === b.kind &&
		a.keys.join(' ') === b.keys.join(' ')
	);
}
