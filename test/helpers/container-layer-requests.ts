import { randomBytes } from 'node:crypto';
import type { ContainerLayers } from '../../src/runtime/storage/container-layers.ts';

/** What `create` is asked for a container whose id is new every time. */
export function layerRequest(
	name: string,
	imageId: string | undefined,
): Parameters<ContainerLayers['create']>[0] {
	return {
		id: randomBytes(32).toString('hex'),
		names: [name],
		imageId,
		metadata: {
			podName: 'web',
			podId: randomBytes(32).toString('hex'),
			imageName: 'localhost/base:1',
			imageId: imageId ?? '',
			containerName: name,
			metadataName: 'main',
			uid: 'uid-1',
			namespace: 'default',
			attempt: 1,
			isPod: false,
			privileged: false,
		},
	};
}
