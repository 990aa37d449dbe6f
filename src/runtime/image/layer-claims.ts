/** Who is bringing which layer: two images that share a base fetch it once. */

/** Layers that are on their way, by id. */
export type LayerClaims = {
	/**
	 * Claims, all at one moment, those layers that nobody else has claimed; so who waits, waits only for one that began
	 * earlier, and nobody waits in a circle. Disposing of the claim lets the others go on, whatever came of it.
	 */
	claim(ids: readonly string[]): Disposable & {
		/** Layers of other claims, each with a promise that settles when that claim ends; it never rejects. */
		readonly others: ReadonlyMap<string, Promise<void>>;
	};
};

export function createLayerClaims(): LayerClaims {
	const claimed = new Map<string, Promise<void>>();

	return {
		claim(ids) {
			const { promise, resolve } = Promise.withResolvers<void>();
			const others = new Map<string, Promise<void>>();
			const own: string[] = [];
			for (const id of ids) {
				const other = claimed.get(id);
				if (other === undefined) {
					claimed.set(id, promise);
					own.push(id);
				} else {
					others.set(id, other);
				}
			}
			return {
				others,
				[Symbol.dispose]() {
					for (const id of own) claimed.delete(id);
					resolve();
				},
			};
		},
	};
}
