/** The containers' part of an open store. */
import { createHash } from 'node:crypto';
import { errorMessage, NotFoundError } from '../../../cri/errors.ts';
import type { ContainerLayerMetadata, ContainerLayers } from '../container-layers.ts';
import type { WaitOptions } from '../model.ts';
import { explaining } from '../store-errors.ts';
import type { StoreParts } from '../store-parts.ts';
import type { ContainerDriver } from './container-driver.ts';
import { createContainerLayer } from './create-layer.ts';
import { type ContainerParts, findOwn, orderAsker } from './layer-parts.ts';
import { mountContainerLayer, unmountContainerLayer } from './mount-layer.ts';
import { createMountPlace, type MountPlace } from './mount-place.ts';
import { createMountTable } from './mount-table.ts';
import { createOverlayContainers } from './overlay-containers.ts';
import { type OwnKind, ownContainers, ownLayers } from './own-records.ts';
import { removeContainerLayer } from './remove-layer.ts';
import { createLayerMeter } from './usage-meter.ts';
import { createVfsContainers } from './vfs-containers.ts';

/** Disposing of it waits for deletions; mounts stay, for containers outlive us. */
export type OpenContainerLayers = ContainerLayers & AsyncDisposable;

/** @param store must stay open */
export function createContainerLayers(store: StoreParts): OpenContainerLayers {
	const mountPlace = createMountPlace(store);
	const parts: ContainerParts = {
		store,
		driver: createDriver(store, mountPlace),
		mountPlace,
		mounts: createMountTable(store),
		known: new Map(),
		whole: new WeakSet(),
		keepsOrder: orderAsker(store.place.containersDir),
		deletions: new Set(),
	};
	const { driver } = parts;
	const meter = createLayerMeter();
	const remove = async (id: string, options: WaitOptions): Promise<void> => {
		const own = await findOwn(parts, id, options);
		await removeContainerLayer(parts, id, options);
		if (own !== undefined) meter.forget(own.layerId);
	};
	const listIds = async (kind: OwnKind, options: WaitOptions): Promise<readonly string[]> => {
		const layers = await store.layers.read((index) => ownLayers(index), options);
		const containers = await store.containers.read(ownContainers, options);
		return [
			...new Set([...containers, ...layers].filter((own) => own.kind === kind).map(({ mountId }) => mountId)),
		];
	};
	return {
		create: (request, options = {}) =>
			explaining(`create container "${request.id}"`, async () => {
				const own = { kind: 'container', mountId: request.id } as const;
				const { layerId } = await createContainerLayer(parts, { ...request, ...own }, options);
				return { id: request.id, layerId, mountPoint: '' };
			}),
		mount: (id, options = {}) =>
			explaining(`mount container "${id}"`, () => mountContainerLayer(parts, id, options)),
		unmount: (id, { force = false, ...options } = {}) =>
			explaining(`unmount container "${id}"`, () => unmountContainerLayer(parts, id, force, options)),
		remove: (id, options = {}) => explaining(`remove container "${id}"`, () => remove(id, options)),

		mountImage: (imageId, mountId, options = {}) =>
			explaining(`mount image "${imageId}"`, async () => {
				const id = imageMountId(mountId);
				if ((await findOwn(parts, id, options)) === undefined) {
					const metadata = imageMountMetadata(imageId, mountId);
					const names = [metadata.containerName];
					const request = { kind: 'image-mount', id, mountId, names, imageId, metadata } as const;
					await createContainerLayer(parts, request, options);
				}
				return mountContainerLayer(parts, id, options, { once: true });
			}),
		unmountImage: (mountId, options = {}) =>
			explaining(`unmount image mount "${mountId}"`, () => remove(imageMountId(mountId), options)),

		listOwn: (options = {}) => explaining('list containers', () => listIds('container', options)),
		listImageMounts: (options = {}) => explaining('list image mounts', () => listIds('image-mount', options)),
		usage: (id, options = {}) =>
			explaining(`measure container "${id}"`, async () => {
				const own = await findOwn(parts, id, options);
				if (own === undefined)
					throw new NotFoundError(`cannot measure container "${id}": it is not in the store`);
				return meter.measure(own.layerId, driver.filesDir(own.layerId), options);
			}),
		async [Symbol.asyncDispose]() {
			await Promise.all(parts.deletions);
			mountPlace.leave();
		},
	};
}

/**
 * Deletes folders that were on their way in or out when a program of ours was killed. To be called by the only one that
 * has the store.
 */
export async function sweepContainerLayers(store: StoreParts): Promise<void> {
	const driver = createDriver(store, createMountPlace(store));
	for (const folder of await driver.leftovers()) {
		await driver.remove(folder).catch((error: unknown) => {
			store.log(`a removed container's files are left: ${errorMessage(error)}`);
		});
	}
}

function createDriver(store: StoreParts, mountPlace: MountPlace): ContainerDriver {
	return store.driver.name === 'overlay'
		? createOverlayContainers(store, mountPlace)
		: createVfsContainers(store, mountPlace);
}

/** An image mount is a container that never runs: thus Podman, too, leaves its image alone. */
function imageMountId(mountId: string): string {
	return createHash('sha256').update(`criscope image mount ${mountId}`).digest('hex');
}

function imageMountMetadata(imageId: string, mountId: string): ContainerLayerMetadata {
	const name = `image-mount-${mountId}`;
	return {
		podName: '',
		podId: '',
		imageName: imageId,
		imageId,
		containerName: name,
		metadataName: name,
		uid: '',
		namespace: '',
		attempt: 0,
		isPod: false,
		privileged: false,
	};
}
