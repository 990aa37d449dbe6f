/** Writable layers as whole copies, for filesystems that overlay cannot work on. Source: c/storage drivers/vfs */
import { mkdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { NotFoundError } from '../../../cri/errors.ts';
import type { StoreParts } from '../store-parts.ts';
import type { ContainerDriver } from './container-driver.ts';
import {
	mountBind,
	mountNoDevices,
	mountReadOnly,
	mountRemount,
	unmountDetach,
	unmountNoFollow,
} from './mount-flags.ts';
import { mountPoints } from './mount-points.ts';
import { setAside, unfinishedFolders, unfinishedPath } from './set-aside.ts';

/** @param parts its layers are vfs's */
export function createVfsContainers(parts: StoreParts): ContainerDriver {
	const { sys, driver } = parts;
	const home = path.join(parts.place.driverDir, 'dir');
	const layerDir = (layerId: string) => path.join(home, layerId);
	const parentDirOf = async (parent: string): Promise<string> => {
		const dir = await driver.findLayerDir(parent);
		if (dir === undefined) throw new NotFoundError(`cannot use layer "${parent}": its folder is missing`);
		return dir;
	};
	// The same filesystem is seen inside and outside, so only the kernel's list can tell.
	const isBound = (layerId: string): boolean => mountPoints().includes(layerDir(layerId));
	const unmount = (layerId: string): void => {
		while (isBound(layerId)) sys.umount2(layerDir(layerId), unmountDetach | unmountNoFollow);
	};
	return {
		filesDir: layerDir,
		mountPoint: layerDir,

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
			if (!readOnly || parent === undefined) return;
			const dir = layerDir(layerId);
			sys.mount(await parentDirOf(parent), dir, 'none', mountBind, '');
			sys.mount('none', dir, 'none', mountBind | mountRemount | mountReadOnly | mountNoDevices, '');
		},
		unmount,
		// A copy is always there.
		isMounted: ({ layerId, parent, readOnly }) => !readOnly || parent === undefined || isBound(layerId),
		async takeAway(layerId) {
			unmount(layerId);
			return setAside(home, layerDir(layerId));
		},
		leftovers: () => unfinishedFolders(home),
	};
}
