/** Items of a streamed list in one message, far below the message limit. Source: cri-o 1.36, streamChunkSize. */
const itemsInChunk = 3000;

/** Puts the items of a list into messages. An empty list is no message at all. */
export async function* inChunks<Item>(items: AsyncIterable<Item>): AsyncGenerator<readonly Item[], void> {
	let chunk: Item[] = [];
	for await (const item of items) {
		chunk.push(item);
		if (chunk.length < itemsInChunk) continue;
		yield chunk;
		chunk = [];
	}
	if (chunk.length > 0) yield chunk;
}
