import { errorMessage, isAbort } from '../../cri/errors.ts';
import type { Image } from '../../cri/model.ts';
import type { ImageService } from '../../cri/ports.ts';
import type { StoredImage, WaitOptions } from '../storage/model.ts';
import type { ImageParts } from './image-parts.ts';

/**
 * RPC ListImages. A filter is a single look-up, as ImageStatus makes it; what is not there is an empty list.
 * Source: cri-o 1.36 server/image_list.go, listImages.
 */
export function createListImages(parts: ImageParts): ImageService['listImages'] {
	return async (filter, options) => {
		const images: Image[] = [];
		for await (const image of listedImages(parts, filter, options)) images.push(image);
		return images;
	};
}

/** What both lists of images yield. An image that is damaged is left out and told of: it cannot be used. */
export async function* listedImages(
	{ store, summarize, log }: ImageParts,
	filter: { readonly image?: string | undefined } | undefined,
	options?: WaitOptions,
): AsyncGenerator<Image, void> {
	const chosen = filter?.image
		? [await store.findImage(filter.image, options)]
		: await store.listImages(options);
	for (const image of chosen.filter((one): one is StoredImage => one !== undefined)) {
		let summary: Image;
		try {
			summary = await summarize(image, options);
		} catch (error) {
			options?.signal?.throwIfAborted();
			if (isAbort(error)) throw error;
			log('warn', 'image left out of the list', { image: image.id, error: errorMessage(error) });
			continue;
		}
		yield summary;
	}
}
