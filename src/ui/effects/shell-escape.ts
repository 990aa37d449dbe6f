/** What the escape chord made of one more unit of input. */
export type EscapeStep<Unit> = {
	/** No part of the chord: for the container, in order. May hold earlier units that were kept back. */
	readonly passed: readonly Unit[];
	/** The units of the chord when it is complete. */
	readonly matched: readonly Unit[] | undefined;
};

/** Watches what is typed into a session for the chord that leaves it. */
export type EscapeChord<Unit> = {
	/** @param key in the spelling of `keyToString`; undefined for what is no key. */
	readonly feed: (key: string | undefined, unit: Unit) => EscapeStep<Unit>;
};

/** What leaves a session when the configuration has taken every chord away: without one nobody could. */
const lastResort: readonly string[] = ['ctrl+]'];

/** @param chords each the keys pressed in turn, normalised. */
export function createEscapeChord<Unit>(chords: readonly (readonly string[])[]): EscapeChord<Unit> {
	const wanted = chords.length > 0 ? chords : [lastResort];
	let held: readonly { readonly key: string | undefined; readonly unit: Unit }[] = [];

	return {
		feed(key, unit) {
			const passed: Unit[] = [];
			let typed = [...held, { key, unit }];
			while (typed.length > 0) {
				const begun = wanted.filter((chord) =>
					typed.every((one, index) => index >= chord.length || chord[index] === one.key),
				);
				const whole = begun.find((chord) => chord.length <= typed.length);
				if (whole) {
					held = typed.slice(whole.length);
					return { passed, matched: typed.slice(0, whole.length).map((one) => one.unit) };
				}
				if (begun.length > 0) break;
				// What was kept back longest is no chord, but what came after it may begin one.
				const [first, ...rest] = typed;
				if (first) passed.push(first.unit);
				typed = rest;
			}
			held = typed;
			return { passed, matched: undefined };
		},
	};
}
