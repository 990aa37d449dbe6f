import type { ImageService } from '../../cri/ports.ts';
import { demandImage, type ImageParts } from './image-parts.ts';

/**
 * RPC RemoveImage: the image with all its names, by whichever it is called. One that is not there (any more) is no error.
 * Source: CRI api.proto, RemoveImage ("all names"); critest image.go, "removing a tag removes all".
 * @throws FailedPreconditionError naming the container that uses it
 */
export function createRemoveImage({ store, log }: ImageParts): ImageService['removeImage'] {
	return async (reference, options) => {
		const image = await store.findImage(demandImage(reference, 'remove image'), options);
		if (image === undefined) return;
		const { untagged, removedImages, removedLayers } = await store.removeImage(image.id, options);
		log('debug', 'image removed', {
			image: image.id,
			untagged,
			removedImages,
			removedLayers: removedLayers.length,
		});
	};
}
