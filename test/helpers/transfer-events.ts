import { once } from 'node:events';
import { createReadStream, createWriteStream } from 'node:fs';
import type { ArchiveFormat, ImageTransferService, TransferEvent } from '../../src/cri/image-transfer.ts';

/** What a transfer ended with. */
export type TransferEnd = Extract<TransferEvent, { kind: 'completed' }>;

/**
 * Takes a transfer's events to their end.
 *
 * @returns all of them
 * @throws what the transfer throws
 */
export async function allEvents(events: AsyncIterable<TransferEvent>): Promise<readonly TransferEvent[]> {
	return await Array.fromAsync(events);
}

/** @returns the last `completed`. @throws what the transfer throws, or Error where it ended without one. */
export async function completion(events: AsyncIterable<TransferEvent>): Promise<TransferEnd> {
	const end = (await allEvents(events)).findLast((event) => event.kind === 'completed');
	if (end === undefined) throw new Error('cannot finish a transfer: it ended without saying so');
	return end;
}

/** Loads an archive file. @returns what each image in it ended with. */
export async function loadFile(
	transfers: ImageTransferService,
	file: string,
	name?: string,
): Promise<readonly TransferEnd[]> {
	const events = await allEvents(transfers.loadImages({ name }, createReadStream(file)));
	return events.filter((event) => event.kind === 'completed');
}

/** Saves images into a file. */
export async function saveFile(
	transfers: ImageTransferService,
	request: { readonly images: readonly string[]; readonly format: ArchiveFormat },
	file: string,
): Promise<void> {
	const out = createWriteStream(file);
	for await (const part of transfers.saveImages(request)) {
		if (part.kind === 'chunk' && !out.write(part.bytes)) await once(out, 'drain');
	}
	out.end();
	await once(out, 'close');
}
