import type { ImageTransferService } from '../../cri/image-transfer.ts';
import { demandImage, type ImageParts } from './image-parts.ts';
import { withRegistryErrors } from './registry-errors.ts';

/** RPC PushImage. @throws NotFoundError, and what the registry says */
export function createPushTransfer({ transfers }: ImageParts): ImageTransferService['pushImage'] {
	return async function* (request, options) {
		demandImage(request.image, 'push image');
		yield* withRegistryErrors(transfers.push(request, options));
	};
}
