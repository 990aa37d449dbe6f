/** Writable layers as whole copies, for filesystems that overlay cannot work on. Source: c/storage drivers/vfs */
import { mkdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { NotFoundError } from '../../../cri/errors.ts';
import type { StoreParts } from '../store-parts.ts';
import type { ContainerDriver, LayerToMount } from './container-driver.ts';
import { mountBind, mountNoDevices, mountReadOnly, mountRemount } from './mount-flags.ts';
import type { MountPlace } from './mount-place.ts';
import { setAside, unfinishedFolders, unfinishedPath } from './set-aside.ts';

/** @param parts its layers are vfs's */
export function createVfsContainers(parts: StoreParts, mountPlace: MountPlace): ContainerDriver {
	const { sys, driver } = parts;
	const home = path.join(parts.place.driverDir, 'dir');
	const layerDir = (layerId: string) => path.join(home, layerId);
	const parentDirOf = async (parent: string): Promise<string> => {
		const dir = await driver.findLayerDir(parent);
		if (dir === undefined) throw new NotFoundError(`cannot use layer "${parent}": its folder is missing`);
		return dir;
	};
	// A copy is always there; a view is bound, and the same filesystem inside and outside.
	const isMounted = ({ readOnly, layerId }: LayerToMount): boolean =>
		!readOnly || mountPlace.isMounted(layerId, true);
	return {
		filesDir: layerDir,
		mountPoint: ({ layerId, readOnly }) => (readOnly ? mountPlace.pathOf(layerId) : layerDir(layerId)),

		async stage({ parent, readOnly }, options = {}) {
			const staged = unfinishedPath(home);
			try {
				// A view has nothing of its own: the image's folder is bound onto this one.
				if (readOnly) await mkdir(staged, { mode: 0o700 });
				else
					await driver.prepare(staged, parent === undefined ? undefined : await parentDirOf(parent), options);
			} catch (error) {
				await rm(staged, { recursive: true, force: true });
				throw error;
			}
			return staged;
		},
		async place({ layerId }, staged) {
			if (staged !== undefined) await rename(staged, layerDir(layerId));
		},

		async mount({ layerId, parent, readOnly }) {
			if (!readOnly) return;
			const dir = mountPlace.pathOf(layerId);
			await mountPlace.prepare(layerId);
			// Without layers there is nothing to see: the folder of this layer is empty.
			const files = parent === undefined ? layerDir(layerId) : await parentDirOf(parent);
			sys.mount(files, dir, 'none', mountBind, '');
			sys.mount('none', dir, 'none', mountBind | mountRemount | mountReadOnly | mountNoDevices, '');
		},
		unmount: (layerId) => mountPlace.unmount(layerId, true),
		isMounted,
		async takeAway(layerId) {
			mountPlace.unmount(layerId, true);
			return setAside(home, layerDir(layerId));
		},
		remove: (folder) => rm(folder, { recursive: true, force: true }),
		leftovers: () => unfinishedFolders(home),
	};
}
