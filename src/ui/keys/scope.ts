/** Where a key counts, from everywhere to one pane or dialog. */
export const scopes = [
	'global',
	'list',
	'pods',
	'containers',
	'images',
	'logs',
	'inspect',
	'shell',
	'shellMenu',
	'shellScroll',
	'shellDone',
	'shellAsk',
	'dialog',
	'lift',
	'prompt',
	'palette',
	'help',
	'picker',
	'forwards',
	'pulls',
] as const;

/** One of the places where a key counts. */
export type Scope = (typeof scopes)[number];

/** Kinds of pane that are lists: their own keys come first, then those of every list. */
const lists: ReadonlySet<Scope> = new Set(['pods', 'containers', 'images', 'picker', 'forwards', 'pulls']);

/** Places that take the whole keyboard: global keys do not count there unless bound there too. */
const closed: ReadonlySet<Scope> = new Set([
	...(['shell', 'shellMenu', 'shellScroll', 'shellDone', 'shellAsk'] as const),
	...(['dialog', 'lift', 'prompt', 'palette'] as const),
]);

/** The scopes that count at a place, innermost first: what `resolve` is to be asked with. */
export function scopesAt(place: Scope): readonly Scope[] {
	if (place === 'global') return ['global'];
	if (closed.has(place)) return [place];
	return lists.has(place) ? [place, 'list', 'global'] : [place, 'global'];
}

/**
 * Whether there is a place where both scopes count, so that a key bound in both would mean the inner one and hide the
 * outer one.
 */
export function overlaps(first: Scope, second: Scope): boolean {
	return scopes.some((place) => {
		const counted = scopesAt(place);
		return counted.includes(first) && counted.includes(second);
	});
}
