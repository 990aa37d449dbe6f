/** Writable layers as differences from the image, stacked by the kernel. Source: c/storage drivers/overlay */
import { chmod, chown, lstat, mkdir, rm, stat, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { FailedPreconditionError } from '../../../cri/errors.ts';
import { errnoCode } from '../../sys/errno.ts';
import { findLinkName, newLinkName, readIfThere, readLinkName } from '../drivers/overlay-links.ts';
import type { StoreParts } from '../store-parts.ts';
import type { ContainerDriver, LayerToMount } from './container-driver.ts';
import { mountNoDevices, mountReadOnly, parseMountOptions } from './mount-flags.ts';
import { mountOverlay } from './mount-overlay.ts';
import type { MountPlace } from './mount-place.ts';
import { setAside, unfinishedFolders } from './set-aside.ts';

/** Of a root that no image says anything about. */
const bareRootMode = 0o555;

/** @param parts its layers are overlay's */
export function createOverlayContainers(parts: StoreParts, mountPlace: MountPlace): ContainerDriver {
	const { sys, driver, place, additional, imagePlace, mounting } = parts;
	const home = place.driverDir;
	const inLayer = (layerId: string, ...names: readonly string[]) => path.join(home, layerId, ...names);
	/** Other folders of layers that links may lead to. */
	const otherHomes = [imagePlace, ...additional.map((one) => one.place)]
		.map(({ driverDir }) => driverDir)
		.filter((dir) => dir !== home);
	const configured = parseMountOptions(mounting.mountOptions);
	// Kernels before 5.10 do not know the word.
	let knowsVolatile = mounting.volatileMounts;

	/** Short names of the layers below, the topmost first, relative to `home` where they lie there. */
	const lowersOf = async ({ layerId, parent }: LayerToMount): Promise<readonly string[]> => {
		if (parent === undefined) return [path.join(layerId, 'empty')];
		const lower = await readIfThere(inLayer(layerId, 'lower'));
		if (lower === undefined || lower === '') {
			throw new FailedPreconditionError(
				`cannot mount layer "${layerId}": its file "lower" is empty or missing`,
			);
		}
		const names = lower.trim().split(':');
		return otherHomes.length === 0 ? names : Promise.all(names.map(whereverItIs));
	};
	const whereverItIs = async (name: string): Promise<string> => {
		for (const dir of [home, ...otherHomes]) {
			const found = await lstat(path.join(dir, name)).catch(() => undefined);
			if (found !== undefined) return dir === home ? name : path.join(dir, name);
		}
		return name;
	};

	return {
		filesDir: (layerId) => inLayer(layerId, 'diff'),
		mountPoint: ({ layerId }) => mountPlace.pathOf(layerId),
		stage: async () => undefined,

		async place({ layerId, parent }) {
			const dir = inLayer(layerId);
			await mkdir(dir, { mode: 0o700 });
			const link = newLinkName();
			const names = ['diff', 'work', 'merged', ...(parent === undefined ? ['empty'] : [])];
			await Promise.all([
				...names.map((name) => mkdir(path.join(dir, name), { mode: 0o700 })),
				writeFile(path.join(dir, 'link'), link, { mode: 0o644 }),
				symlink(`../${layerId}/diff`, path.join(home, 'l', link)),
			]);
			const root = { uid: 0, gid: 0, mode: bareRootMode };
			if (parent !== undefined) {
				const parentDir = await driver.findLayerDir(parent);
				const below = parentDir === undefined ? undefined : await readLowers(parentDir);
				if (parentDir === undefined || below === undefined) {
					throw new FailedPreconditionError(
						`cannot make a layer above layer "${parent}": that one is damaged; pull the image again`,
					);
				}
				await writeFile(path.join(dir, 'lower'), below, { mode: 0o644 });
				Object.assign(root, await stat(path.join(parentDir, 'diff')));
			}
			// What is not in the layer itself has its parent's owner and mode, and so must the root.
			await chmod(path.join(dir, 'diff'), root.mode & 0o7777);
			if (root.uid !== 0 || root.gid !== 0) await chown(path.join(dir, 'diff'), root.uid, root.gid);
		},

		async mount(layer) {
			const { layerId, readOnly } = layer;
			const lowers = await lowersOf(layer);
			await mountPlace.prepare(layerId);
			// Left by the mount before; with it the kernel would refuse. Source: overlayfs.rst, volatile mount
			if (!readOnly)
				await rm(inLayer(layerId, 'work/work/incompat/volatile'), { recursive: true, force: true });
			const mount = (isVolatile: boolean): void =>
				mountOverlay(sys, {
					home,
					lowers: readOnly ? [path.join(layerId, 'diff'), ...lowers] : lowers,
					upper: readOnly
						? undefined
						: { files: path.join(layerId, 'diff'), work: path.join(layerId, 'work') },
					target: mountPlace.pathOf(layerId),
					flags: configured.flags | mountNoDevices | (readOnly ? mountReadOnly : 0),
					options: [...configured.options, ...(isVolatile ? ['volatile'] : [])],
					scratchDir: path.join(parts.runRoot, 'criscope'),
				});
			try {
				mount(knowsVolatile && !readOnly);
			} catch (error) {
				if (errnoCode(error) !== 'EINVAL' || !knowsVolatile || readOnly) throw error;
				mount(false);
				knowsVolatile = false;
				parts.log(
					'this kernel knows no volatile overlays; containers wait for the disk when they sync files',
				);
			}
		},
		unmount: (layerId) => mountPlace.unmount(layerId),
		isMounted: ({ layerId }) => mountPlace.isMounted(layerId),

		async takeAway(layerId) {
			mountPlace.unmount(layerId);
			const link =
				(await readLinkName(inLayer(layerId))) ?? (await findLinkName(path.join(home, 'l'), layerId));
			if (link !== undefined) await rm(path.join(home, 'l', link), { force: true });
			return setAside(home, inLayer(layerId));
		},
		leftovers: () => unfinishedFolders(home),
	};
}

/** What the file `lower` of a layer above this one holds; undefined where this one is damaged. */
async function readLowers(parentDir: string): Promise<string | undefined> {
	const [link, lower] = await Promise.all([
		readLinkName(parentDir),
		readIfThere(path.join(parentDir, 'lower')),
	]);
	if (link === undefined) return undefined;
	return [`l/${link}`, ...(lower === undefined || lower === '' ? [] : [lower.trim()])].join(':');
}
