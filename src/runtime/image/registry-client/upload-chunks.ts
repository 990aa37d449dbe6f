import type { Readable } from 'node:stream';

/** Cuts a stream into pieces of `sizeBytes`, the last one shorter; one piece is in memory at a time. */
export async function* chunksOf(stream: Readable, sizeBytes: number): AsyncGenerator<Buffer> {
	let held: Buffer[] = [];
	let heldBytes = 0;
	for await (const chunk of stream as AsyncIterable<Buffer>) {
		let rest = chunk;
		while (heldBytes + rest.length >= sizeBytes) {
			const fits = sizeBytes - heldBytes;
			yield Buffer.concat([...held, rest.subarray(0, fits)]);
			held = [];
			heldBytes = 0;
			rest = rest.subarray(fits);
		}
		if (rest.length > 0) held.push(rest);
		heldBytes += rest.length;
	}
	if (heldBytes > 0) yield Buffer.concat(held);
}
