import type { ImageTransferService } from '../../cri/image-transfer.ts';
import { findOrThrow, type ImageParts } from './image-parts.ts';

/** RPC DescribeImage. @throws NotFoundError */
export function createDescribeImage(parts: ImageParts): ImageTransferService['describeImage'] {
	return async (reference, options) => {
		const image = await findOrThrow(parts, reference, 'describe image', options);
		return parts.describe(image, options);
	};
}
