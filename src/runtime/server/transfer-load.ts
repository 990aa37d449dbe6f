import type { ImageTransferService } from '../../cri/image-transfer.ts';
import type { ImageParts } from './image-parts.ts';

/** RPC LoadImages. */
export function createLoadTransfer({ transfers }: ImageParts): ImageTransferService['loadImages'] {
	return (request, archive, options) => transfers.load(request, archive, options);
}
