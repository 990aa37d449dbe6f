/** Work that goes on side by side and ends together. */

/**
 * Runs all at once. When one fails the others are told to stop, and only when all have ended is the failure thrown: what
 * is undone then must not be in the making still.
 * @throws the first failure
 */
export async function together(
	signal: AbortSignal,
	works: readonly ((signal: AbortSignal) => Promise<unknown>)[],
): Promise<void> {
	const controller = new AbortController();
	const all = AbortSignal.any([signal, controller.signal]);
	let failure: { readonly error: unknown } | undefined;
	await Promise.all(
		works.map((work) =>
			work(all).catch((error: unknown) => {
				failure ??= { error };
				controller.abort(error);
			}),
		),
	);
	if (failure !== undefined) throw failure.error;
}
