/**
 * Says which of the known names somebody probably meant, as the end of a sentence: ` (did you mean "theme"?)`, or
 * nothing when none is near.
 */
export function didYouMean(written: string, known: readonly string[]): string {
	let best: string | undefined;
	// Up to a third of the letters may be wrong.
	let bestDistance = Math.max(1, Math.floor(written.length / 3)) + 1;
	for (const name of known) {
		const distance = editDistance(written.toLowerCase(), name.toLowerCase());
		if (distance < bestDistance) {
			best = name;
			bestDistance = distance;
		}
	}
	return best === undefined ? '' : ` (did you mean "${best}"?)`;
}

/** Number of letters to insert, remove, replace or swap to get from one word to the other. */
function editDistance(from: string, to: string): number {
	// Names are short; a long text in their place is not a slip of the finger.
	if (Math.abs(from.length - to.length) > 8 || from.length > 64) return Number.POSITIVE_INFINITY;
	let beforePrevious: readonly number[] = [];
	let previous = Array.from({ length: to.length + 1 }, (_, index) => index);
	for (let row = 1; row <= from.length; row++) {
		const current = [row];
		for (let column = 1; column <= to.length; column++) {
			const replaced = (previous[column - 1] ?? 0) + (from[row - 1] === to[column - 1] ? 0 : 1);
			const isSwap = from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
			const swapped = isSwap ? (beforePrevious[column - 2] ?? Number.POSITIVE_INFINITY) + 1 : replaced;
			current.push(Math.min(replaced, swapped, (previous[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1));
		}
		beforePrevious = previous;
		previous = current;
	}
	return previous[to.length] ?? Number.POSITIVE_INFINITY;
}
