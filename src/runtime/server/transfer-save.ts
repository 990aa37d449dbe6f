import { InvalidArgumentError } from '../../cri/errors.ts';
import type { ImageTransferService, SavePart } from '../../cri/image-transfer.ts';
import { demandImage, type ImageParts } from './image-parts.ts';

/** Largest piece of the archive in one message; a slow reader keeps a few of them waiting. */
const maxChunkBytes = 256 * 1024;

/** RPC SaveImages. @throws NotFoundError */
export function createSaveTransfer({ transfers }: ImageParts): ImageTransferService['saveImages'] {
	return async function* (request, options) {
		if (request.images.length === 0) throw new InvalidArgumentError('cannot save images: no image is given');
		for (const image of request.images) demandImage(image, 'save images');
		for await (const part of transfers.save(request, options)) yield* inPieces(part);
	};
}

function* inPieces(part: SavePart): Generator<SavePart, void> {
	if (part.kind !== 'chunk' || part.bytes.length <= maxChunkBytes) return yield part;
	for (let start = 0; start < part.bytes.length; start += maxChunkBytes) {
		yield { kind: 'chunk', bytes: part.bytes.subarray(start, start + maxChunkBytes) };
	}
}
