/** Deep equality of plain data: objects, arrays, bigints. What a list answer is made of. */
export function equalData(left: unknown, right: unknown): boolean {
	if (Object.is(left, right)) return true;
	if (typeof left !== 'object' || typeof right !== 'object' || left === null || right === null) return false;
	if (Array.isArray(left) !== Array.isArray(right)) return false;
	const leftKeys = Object.keys(left);
	if (leftKeys.length !== Object.keys(right).length) return false;
	return leftKeys.every((key) =>
		equalData((left as Record<string, unknown>)[key], (right as Record<string, unknown>)[key]),
	);
}

/**
 * Returns `next` with every item that is equal to one of the same id in `old` replaced by the old object,
 * and `old` itself where nothing changed at all: then no selector recomputes and nothing is redrawn.
 */
export function keepIdentity<Item extends { readonly id: string }>(
	old: readonly Item[],
	next: readonly Item[],
): readonly Item[] {
	const byId = new Map(old.map((item) => [item.id, item]));
	let changed = old.length !== next.length;
	const items = next.map((item, index) => {
		const before = byId.get(item.id);
		const kept = before && equalData(before, item) ? before : item;
		if (kept !== old[index]) changed = true;
		return kept;
	});
	return changed ? items : old;
}
