import type { ImageTransferService } from '../../cri/image-transfer.ts';
import { describeImage } from '../image/describe.ts';
import { demandImage, type ImageParts } from './image-parts.ts';

/** RPC DescribeImage. @throws NotFoundError */
export function createDescribeImage({ store }: ImageParts): ImageTransferService['describeImage'] {
	return (reference, options) => describeImage(demandImage(reference, 'describe image'), store, options);
}
