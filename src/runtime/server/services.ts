/** The ports as this runtime implements them: the table of its RPCs. */
import type { ImageTransferService } from '../../cri/image-transfer.ts';
import type { ImageService } from '../../cri/ports.ts';
import type { ServedRuntime } from '../../cri/transport/served-runtime.ts';
import { createImageFsInfo } from './image-fs-info.ts';
import { createListImages } from './image-list.ts';
import type { ImageParts } from './image-parts.ts';
import { createPullImage } from './image-pull.ts';
import { createRemoveImage } from './image-remove.ts';
import { createImageStatus } from './image-status.ts';
import { createStreamImages } from './image-stream.ts';
import { createDescribeImage } from './transfer-describe.ts';
import { createLoadTransfer } from './transfer-load.ts';
import { createPullTransfer } from './transfer-pull.ts';
import { createPushTransfer } from './transfer-push.ts';
import { createSaveTransfer } from './transfer-save.ts';
import { createTagImage } from './transfer-tag.ts';
import { createUntagImage } from './transfer-untag.ts';

/** All that is served. */
export type Services = {
	readonly runtime: ServedRuntime;
	readonly images: ImageService;
	readonly transfers: ImageTransferService;
	/** What a call of any other RPC is told. */
	readonly unserved: (rpc: string) => string;
};

/** @param runtime from pod-services.ts */
export function createServices(parts: ImageParts, runtime: ServedRuntime): Services {
	return {
		runtime,
		images: {
			listImages: createListImages(parts),
			streamImages: createStreamImages(parts),
			imageStatus: createImageStatus(parts),
			pullImage: createPullImage(parts),
			removeImage: createRemoveImage(parts),
			imageFsInfo: createImageFsInfo(parts),
		},
		transfers: {
			pullImage: createPullTransfer(parts),
			pushImage: createPushTransfer(parts),
			loadImages: createLoadTransfer(parts),
			saveImages: createSaveTransfer(parts),
			tagImage: createTagImage(parts),
			untagImage: createUntagImage(parts),
			describeImage: createDescribeImage(parts),
		},
		unserved: (rpc) => `criscope does not serve ${rpc}`,
	};
}
