import type { ImageService } from '../../cri/ports.ts';
import { listedImages } from './image-list.ts';
import type { ImageParts } from './image-parts.ts';

/** RPC StreamImages: ListImages for lists that fit no message; the transport makes chunks of it. */
export function createStreamImages(parts: ImageParts): ImageService['streamImages'] {
	return async function* (filter, options) {
		yield* await listedImages(parts, filter, options);
	};
}
