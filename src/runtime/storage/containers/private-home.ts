/**
 * The folder of all layers as a mount of its own, bound onto itself and private: what is mounted below it stays in this
 * mount namespace, so that no service started meanwhile keeps a container's files busy. Source: c/storage, MakePrivate
 */
import path from 'node:path';
import { errorMessage } from '../../../cri/errors.ts';
import { createFileLock } from '../../sys/file-lock.ts';
import type { WaitOptions } from '../model.ts';
import type { StoreParts } from '../store-parts.ts';
import { mountBind, mountPrivate, unmountNoFollow } from './mount-flags.ts';
import { mountPoints } from './mount-points.ts';

export type PrivateHome = {
	/** Makes it so, once; where it cannot be, containers run all the same. Not to be called with a lock held. */
	make(options?: WaitOptions): Promise<void>;
	/** Takes the mount away where it was made here and nothing is mounted below it any more. */
	leave(): void;
};

/** @param store whose driver's folder it is */
export function createPrivateHome({ sys, log, place, driver, mounting }: StoreParts): PrivateHome {
	const home = place.driverDir;
	// Podman holds this one while it does the same.
	const lock = createFileLock(sys, path.join(place.root, 'storage.lock'));
	let made = false;
	let done = !mounting.privateMounts || driver.name !== 'overlay';
	return {
		async make(options = {}) {
			if (done) return;
			await using _ = await lock.acquire('exclusive', options);
			if (done) return;
			try {
				const all = mountPoints();
				if (!all.includes(home)) {
					// Bound over them, mounts that are there would be hidden.
					if (all.some((mountPoint) => mountPoint.startsWith(`${home}/`))) done = true;
					if (done) return;
					sys.mount(home, home, 'none', mountBind, '');
					made = true;
				}
				sys.mount('none', home, 'none', mountPrivate, '');
			} catch (error) {
				log(`mounts of containers may be seen by other services: ${errorMessage(error)}`);
			}
			done = true;
		},
		leave() {
			if (!made) return;
			try {
				sys.umount2(home, unmountNoFollow);
			} catch {
				// Busy: containers go on below it, ours or Podman's.
			}
		},
	};
}
