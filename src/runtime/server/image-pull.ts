import { InternalError } from '../../cri/errors.ts';
import { imageId } from '../../cri/ids.ts';
import type { ImageService } from '../../cri/ports.ts';
import { demandImage, type ImageParts } from './image-parts.ts';
import { kubeletErrorOf } from './registry-errors.ts';

/**
 * RPC PullImage: the same pull as our own service's, without its progress. Answers with the image's id, by which
 * ImageStatus and ListImages know it too. The sandbox config says for which pod it is, which changes nothing here.
 * Source: CRI 1.36 PullImageResponse.image_ref.
 */
export function createPullImage({ transfers }: ImageParts): ImageService['pullImage'] {
	return async ({ image, auth }, options) => {
		demandImage(image, 'pull image');
		let pulled: string | undefined;
		try {
			// To the very end: whoever leaves early cancels what is left to do.
			for await (const event of transfers.pull({ image, auth }, options)) {
				if (event.kind === 'completed') pulled = event.imageId;
			}
		} catch (error) {
			throw kubeletErrorOf(error);
		}
		if (pulled !== undefined) return imageId(pulled);
		throw new InternalError(`cannot pull image "${image}": the pull ended without a result`);
	};
}
