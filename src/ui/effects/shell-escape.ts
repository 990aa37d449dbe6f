/** What the escape chord made of one unit of input. */
export type EscapeStep =
	/** Not the chord: these units, in order, are for the container. */
	| { readonly kind: 'pass'; readonly units: readonly Uint8Array[] }
	/** May become the chord; nothing is sent yet. */
	| { readonly kind: 'held' }
	/** The chord is complete; `bytes` are what the terminal sent for it. */
	| { readonly kind: 'matched'; readonly bytes: Uint8Array };

/** Watches what is typed into a session for the chord that leaves it. */
export type EscapeChord = {
	/** @param key in the spelling of `keyToString`; undefined for what is no key. */
	readonly feed: (key: string | undefined, bytes: Uint8Array) => EscapeStep;
};

/** What leaves a session when the configuration has taken every chord away: without one nobody could. */
const lastResort: readonly string[] = ['ctrl+]'];

/** @param chords each the keys pressed in turn, normalised. */
export function createEscapeChord(chords: readonly (readonly string[])[]): EscapeChord {
	const wanted = chords.length > 0 ? chords : [lastResort];
	let keys: string[] = [];
	let units: Uint8Array[] = [];

	return {
		feed(key, bytes) {
			if (key !== undefined) {
				const typed = [...keys, key];
				const begun = wanted.filter((chord) => typed.every((name, index) => chord[index] === name));
				if (begun.some((chord) => chord.length === typed.length)) {
					const all = Buffer.concat([...units, bytes]);
					keys = [];
					units = [];
					return { kind: 'matched', bytes: all };
				}
				if (begun.length > 0) {
					keys = typed;
					units = [...units, bytes];
					return { kind: 'held' };
				}
			}
			const pass = [...units, bytes];
			const wasHeld = units.length > 0;
			keys = [];
			units = [];
			if (!wasHeld) return { kind: 'pass', units: pass };
			// What was held is no chord after all, but this key may begin one.
			const again = this.feed(key, bytes);
			return again.kind === 'pass' ? { kind: 'pass', units: pass } : again;
		},
	};
}
