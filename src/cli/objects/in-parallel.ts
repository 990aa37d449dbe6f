/** Most questions under way at a time: a runtime answers others too. */
const most = 8;

/** Does something for each item, some at a time. @throws the first failure, once no more are begun. */
export async function inParallel<Item, Result>(
	items: readonly Item[],
	act: (item: Item) => Promise<Result>,
): Promise<readonly Result[]> {
	const results: Result[] = [];
	const pending = items.entries();
	async function work(): Promise<void> {
		// All workers take from the same iterator, so that each item is taken once.
		for (const [index, item] of pending) results[index] = await act(item);
	}
	await Promise.all(Array.from({ length: Math.min(most, items.length) }, work));
	return results;
}
