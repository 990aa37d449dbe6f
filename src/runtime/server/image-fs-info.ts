import type { ImageService } from '../../cri/ports.ts';
import type { ImageParts } from './image-parts.ts';

/**
 * RPC ImageFsInfo. Containers of this store lie on the same filesystem, and the kubelet wants both named.
 * Source: cri-o 1.36 server/image_fs_info.go.
 */
export function createImageFsInfo({ store, now }: ImageParts): ImageService['imageFsInfo'] {
	return async (options) => {
		const { mountpoint, usedBytes, inodesUsed } = await store.usage(options);
		const filesystem = {
			timestampNanos: now(),
			mountpoint,
			usedBytes: BigInt(usedBytes),
			inodesUsed: BigInt(inodesUsed),
		};
		return { imageFilesystems: [filesystem], containerFilesystems: [filesystem] };
	};
}
