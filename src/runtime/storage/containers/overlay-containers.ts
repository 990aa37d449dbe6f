/** Writable layers as differences from the image, stacked by the kernel. Source: c/storage drivers/overlay */
import { existsSync, lstatSync, mkdirSync, rmdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { chmod, chown, lstat, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { FailedPreconditionError } from '../../../cri/errors.ts';
import { errnoCode } from '../../sys/errno.ts';
import { findLinkName, newLinkName, readIfThere, readLinkName } from '../drivers/overlay-links.ts';
import type { StorageDriver } from '../drivers/storage-driver.ts';
import type { StoreParts } from '../store-parts.ts';
import type { ContainerDriver, LayerToMount } from './container-driver.ts';
import { mountNoDevices, mountReadOnly, parseMountOptions } from './mount-flags.ts';
import { mountOverlay } from './mount-overlay.ts';
import type { MountPlace } from './mount-place.ts';
import { setAside, unfinishedFolders } from './set-aside.ts';

/** A root that no image says anything about. */
const bareRoot = { lower: undefined, uid: 0, gid: 0, mode: 0o555 };

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
			const below = parent === undefined ? bareRoot : await readParent(driver, parent);
			const link = newLinkName();
			const mode = below.mode & 0o7777;
			// At once, as the records: each turn through another thread would cost more than the call.
			mkdirSync(dir, { mode: 0o700 });
			mkdirSync(path.join(dir, 'diff'), { mode });
			mkdirSync(path.join(dir, 'work'), { mode: 0o700 });
			mkdirSync(path.join(dir, 'merged'), { mode: 0o700 });
			writeFileSync(path.join(dir, 'link'), link, { mode: 0o644 });
			symlinkSync(`../${layerId}/diff`, path.join(home, 'l', link));
			if (below.lower === undefined) mkdirSync(path.join(dir, 'empty'), { mode: 0o700 });
			else writeFileSync(path.join(dir, 'lower'), below.lower, { mode: 0o644 });
			// What is not in the layer itself has its parent's owner and mode, and so must the root.
			const root = lstatSync(path.join(dir, 'diff'));
			if (below.uid !== root.uid || below.gid !== root.gid) {
				await chown(path.join(dir, 'diff'), below.uid, below.gid);
			}
			if (mode !== (root.mode & 0o7777)) await chmod(path.join(dir, 'diff'), mode);
		},

		async mount(layer) {
			const { layerId, readOnly } = layer;
			const lowers = await lowersOf(layer);
			await mountPlace.prepare(layerId);
			// Left by the mount before; with it the kernel would refuse. Source: overlayfs.rst, volatile mount
			const mark = inLayer(layerId, 'work/work/incompat/volatile');
			if (!readOnly && existsSync(mark)) await rm(mark, { recursive: true, force: true });
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
		remove: removeLayer,
		leftovers: () => unfinishedFolders(home),
	};
}

/** What a layer takes over from the one that it stands on. */
type Below = {
	/** For its file `lower`. */
	readonly lower: string | undefined;
	readonly uid: number;
	readonly gid: number;
	readonly mode: number;
};

/** @throws FailedPreconditionError where it is damaged */
async function readParent(driver: StorageDriver, parent: string): Promise<Below> {
	const dir = await driver.findLayerDir(parent);
	if (dir !== undefined) {
		const [link, lower, { uid, gid, mode }] = await Promise.all([
			readLinkName(dir),
			readIfThere(path.join(dir, 'lower')),
			stat(path.join(dir, 'diff')),
		]);
		if (link !== undefined) {
			const names = [`l/${link}`, ...(lower === undefined || lower === '' ? [] : [lower.trim()])];
			return { lower: names.join(':'), uid, gid, mode };
		}
	}
	throw new FailedPreconditionError(
		`cannot make a layer above layer "${parent}": that one is damaged; pull the image again`,
	);
}

/**
 * Deletes what a layer always has at once, which is quicker than going through it, and then whatever is left. Only what is
 * empty goes at once: what a container wrote may take long.
 */
async function removeLayer(folder: string): Promise<void> {
	try {
		for (const name of emptyFolders) rmdirIfThere(path.join(folder, name));
		for (const name of ['link', 'lower']) rmSync(path.join(folder, name), { force: true });
		rmdirIfThere(folder);
	} catch {
		await rm(folder, { recursive: true, force: true });
	}
}

/** Deepest first. */
const emptyFolders = [
	'diff',
	'merged',
	'empty',
	'work/work/incompat/volatile',
	'work/work/incompat',
	'work/work',
	'work/index',
	'work',
];

function rmdirIfThere(dir: string): void {
	try {
		rmdirSync(dir);
	} catch (error) {
		if (errnoCode(error) !== 'ENOENT') throw error;
	}
}
