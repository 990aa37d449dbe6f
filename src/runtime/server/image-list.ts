import type { Image } from '../../cri/model.ts';
import type { ImageService } from '../../cri/ports.ts';
import type { WaitOptions } from '../storage/model.ts';
import type { ImageParts } from './image-parts.ts';

/**
 * RPC ListImages. A filter is a single look-up, as ImageStatus makes it; what is not there is an empty list.
 * Source: cri-o 1.36 server/image_list.go, listImages.
 */
export function createListImages(parts: ImageParts): ImageService['listImages'] {
	return (filter, options) => listedImages(parts, filter, options);
}

/** What both lists of images hold. */
export async function listedImages(
	{ store, summaries }: ImageParts,
	filter: { readonly image?: string | undefined } | undefined,
	options?: WaitOptions,
): Promise<readonly Image[]> {
	if (!filter?.image) return summaries.list(await store.listImages(options), options);
	const found = await store.findImage(filter.image, options);
	return found === undefined ? [] : summaries.list([found], options);
}
