/**
 * Where containers are mounted: in a folder of our own below the run root, and not below the folder of all layers, as
 * c/storage does. Podman binds that folder onto itself, which would hide our mounts, and takes it away with everything
 * below it whenever it ends and knows of no mounted layer. The folder is a private mount: what is mounted in it stays in
 * this mount namespace, so that no service started meanwhile keeps a container's files busy.
 */
import { lstatSync, mkdirSync, rmdirSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { errorMessage } from '../../../cri/errors.ts';
import { errnoCode } from '../../sys/errno.ts';
import type { StoreParts } from '../store-parts.ts';
import { mountBind, mountPrivate, unmountDetach, unmountNoFollow } from './mount-flags.ts';
import { mountPoints } from './mount-points.ts';

export type MountPlace = {
	/** Where one is mounted, or would be. */
	pathOf(layerId: string): string;
	/** Makes the folder to mount on. */
	prepare(layerId: string): Promise<void>;
	/**
	 * True where something is mounted.
	 * @param byList asks the kernel's list, for what is bound from the same filesystem
	 */
	isMounted(layerId: string, byList?: boolean): boolean;
	/** Unmounts however often it was mounted, lazily, and removes the folder. */
	unmount(layerId: string, byList?: boolean): void;
	/** Takes the private mount away where nothing is mounted in it any more. */
	leave(): void;
};

/** @param store only one program of ours has it */
export function createMountPlace({ sys, runRoot, log }: StoreParts): MountPlace {
	const dir = path.join(runRoot, 'criscope/mounts');
	const pathOf = (layerId: string): string => path.join(dir, layerId);
	let isPrivate = false;

	const makePrivate = async (): Promise<void> => {
		if (isPrivate) return;
		await mkdir(dir, { recursive: true, mode: 0o700 });
		// Synchronous from here on, so that it is bound once.
		if (isPrivate) return;
		isPrivate = true;
		try {
			if (!mountPoints().includes(dir)) sys.mount(dir, dir, 'none', mountBind, '');
			sys.mount('none', dir, 'none', mountPrivate, '');
		} catch (error) {
			log(`mounts of containers may be seen by other services: ${errorMessage(error)}`);
		}
	};
	const isMounted = (layerId: string, byList = false): boolean => {
		if (byList) return mountPoints().includes(pathOf(layerId));
		// An overlay is a device of its own.
		const inside = lstatSync(pathOf(layerId), { throwIfNoEntry: false });
		return inside !== undefined && inside.dev !== lstatSync(dir).dev;
	};

	return {
		pathOf,
		isMounted,
		async prepare(layerId) {
			await makePrivate();
			mkdirSync(pathOf(layerId), { recursive: true, mode: 0o700 });
		},
		unmount(layerId, byList) {
			while (isMounted(layerId, byList)) sys.umount2(pathOf(layerId), unmountDetach | unmountNoFollow);
			try {
				rmdirSync(pathOf(layerId));
			} catch (error) {
				if (errnoCode(error) !== 'ENOENT') throw error;
			}
		},
		leave() {
			try {
				sys.umount2(dir, unmountNoFollow);
				rmdirSync(dir);
			} catch {
				// Containers go on in it, or it was never made.
			}
			isPrivate = false;
		},
	};
}
