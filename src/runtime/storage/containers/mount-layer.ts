/** Mounting a container's layer, counted together with Podman. */
import { FailedPreconditionError, isAbort, NotFoundError } from '../../../cri/errors.ts';
import type { WaitOptions } from '../model.ts';
import type { LayerIndex } from '../records/layer-records.ts';
import type { LayerToMount } from './container-driver.ts';
import { type ContainerParts, findOwn, inspectorOf, layerToMount } from './layer-parts.ts';

/**
 * What the kernel says counts more than what is written: after a reboot counts may be left that no mount stands behind,
 * and after a crash a mount that nobody counted.
 * @param once makes a second mount one and the same with the first
 * @returns where it is mounted
 * @throws NotFoundError, FailedPreconditionError for damaged layers
 */
export async function mountContainerLayer(
	parts: ContainerParts,
	id: string,
	options: WaitOptions = {},
	{ once = false } = {},
): Promise<string> {
	const { store, driver, mounts } = parts;
	const own = await findOwn(parts, id, options);
	if (own === undefined) throw new NotFoundError(`cannot mount container "${id}": it is not in the store`);
	return store.layers.read(async (index) => {
		const layer = layerToMount(own, index);
		if (layer === undefined) {
			throw new NotFoundError(
				`cannot mount container "${id}": its layer "${own.layerId}" is not in the store`,
			);
		}
		return mounts.change(async (counts) => {
			const mountPoint = driver.mountPoint(layer);
			const isMounted = driver.isMounted(layer);
			if (!isMounted) await mountOrMend(parts, layer, index, options);
			const before = isMounted ? counts.count(layer.layerId) : 0;
			counts.set(layer.layerId, mountPoint, once ? 1 : before + 1);
			return mountPoint;
		}, options);
	}, options);
}

/** Counts down. @param force whatever the count is */
export async function unmountContainerLayer(
	parts: ContainerParts,
	id: string,
	force: boolean,
	options: WaitOptions = {},
): Promise<void> {
	const { store, driver, mounts } = parts;
	const own = await findOwn(parts, id, options);
	if (own === undefined) return;
	await store.layers.read(
		() =>
			mounts.change(async (counts) => {
				const left = force ? 0 : Math.max(counts.count(own.layerId) - 1, 0);
				if (left === 0) driver.unmount(own.layerId);
				const { layerId, kind } = own;
				counts.set(layerId, driver.mountPoint({ layerId, readOnly: kind === 'image-mount' }), left);
			}, options),
		options,
	);
}

/** Looking the layers over makes links anew that a crash took away, and finds out what else is wrong. */
async function mountOrMend(
	parts: ContainerParts,
	layer: LayerToMount,
	index: LayerIndex,
	options: WaitOptions,
): Promise<void> {
	try {
		await parts.driver.mount(layer);
	} catch (error) {
		if (isAbort(error) || layer.parent === undefined) throw error;
		const inspector = await inspectorOf(parts.store, index, options);
		const found = await inspector.inspect(layer.parent);
		const damage = found === undefined ? 'it is not in the store' : found.damage;
		if (damage !== undefined && found?.onlyTarSplit !== true) {
			throw new FailedPreconditionError(
				`cannot mount layer "${layer.layerId}": layer "${layer.parent}" of the image is damaged: ${damage}; pull the image again`,
				{ cause: error },
			);
		}
		await parts.driver.mount(layer);
	}
}
