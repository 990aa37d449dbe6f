/** ImageTransferService over a connection: each method is its request, its RPC and its answer's mapping. */
import type { WireMessage } from '../codec-fields.ts';
import {
	mapImageDescription,
	mapSavePart,
	mapTransferEvent,
	pullTransferToWire,
	pushTransferToWire,
} from '../codec-image-transfer.ts';
import type { ImageTransferService, TransferEvent } from '../image-transfer.ts';
import type { Connection, InvokeOptions } from './connection.ts';
import type { TransferRpcKey } from './rpc-table.ts';

/** Largest piece of an archive in one message, so that none comes near the message limit. */
const maxChunkBytes = 2 ** 20;

/** @returns ImageTransferService as the runtime at the other end of the connection answers it. */
export function createImageTransferClient(connection: Connection): ImageTransferService {
	async function* events(key: TransferRpcKey, request: WireMessage, options: InvokeOptions) {
		for await (const event of connection.stream(key, request, options)) yield* known(event);
	}
	return {
		pullImage: (request, options) =>
			events('transfers.pullImage', pullTransferToWire(request), { ...options, object: request.image }),
		pushImage: (request, options) =>
			events('transfers.pushImage', pushTransferToWire(request), { ...options, object: request.image }),
		loadImages: async function* ({ name }, archive, options) {
			const requests = loadRequests(name, archive);
			for await (const event of connection.exchange('transfers.loadImages', requests, options)) {
				yield* known(event);
			}
		},
		saveImages: async function* ({ images, format }, options) {
			const object = images.length === 1 ? images[0] : undefined;
			const call = { ...options, object };
			for await (const part of connection.stream('transfers.saveImages', { images, format }, call)) {
				const mapped = mapSavePart(part);
				if (mapped !== undefined) yield mapped;
			}
		},
		tagImage: async ({ image, tag }, options) => {
			await connection.unary('transfers.tagImage', { image, tag }, { ...options, object: image });
		},
		untagImage: async ({ image, tags }, options) => {
			await connection.unary('transfers.untagImage', { image, tags }, { ...options, object: image });
		},
		describeImage: async (image, options) =>
			mapImageDescription(
				await connection.unary('transfers.describeImage', { image }, { ...options, object: image }),
			),
	};
}

/** A newer runtime may tell of things that this version has no word for. */
function* known(wire: WireMessage): Generator<TransferEvent, void> {
	const event = mapTransferEvent(wire);
	if (event !== undefined) yield event;
}

async function* loadRequests(
	name: string | undefined,
	archive: AsyncIterable<Uint8Array>,
): AsyncGenerator<WireMessage, void> {
	yield { options: { name: name ?? '' } };
	for await (const bytes of archive) {
		for (let start = 0; start < bytes.length; start += maxChunkBytes) {
			yield { chunk: bytes.subarray(start, start + maxChunkBytes) };
		}
	}
}
