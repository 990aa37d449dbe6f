import type { ImageTransferService } from '../../cri/image-transfer.ts';
import { demandImage, type ImageParts } from './image-parts.ts';
import { withRegistryErrors } from './registry-errors.ts';

/** RPC PullImage of our own service: a pull that tells how far it is. */
export function createPullTransfer({ transfers }: ImageParts): ImageTransferService['pullImage'] {
	return async function* (request, options) {
		demandImage(request.image, 'pull image');
		yield* withRegistryErrors(transfers.pull(request, options));
	};
}
