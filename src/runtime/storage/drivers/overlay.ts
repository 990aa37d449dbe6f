/** Layers as differences, to be stacked by the kernel. Source: c/storage drivers/overlay, as Podman 4.3 writes it. */
import { chmodSync, chownSync, lstatSync, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { BugError } from '../../../cri/errors.ts';
import { errnoCode } from '../../sys/errno.ts';
import type { Sys } from '../../sys/sys.ts';
import type { StorePlace } from '../store-paths.ts';
import {
	createLinkFinder,
	ensureLink,
	findLinkName,
	linkedLayer,
	newLinkName,
	readIfThere,
	readLinkName,
} from './overlay-links.ts';
import type { StorageDriver } from './storage-driver.ts';

/** Of the root of a base layer whose tar says nothing about it. */
const rootMode = 0o555;
/** Source: umount2(2) */
const detach = 2;
const noFollow = 8;

/**
 * @param places the one that is written to first, then those that are only read
 */
export function createOverlayDriver(sys: Sys, places: readonly [StorePlace, ...StorePlace[]]): StorageDriver {
	const home = places[0].driverDir;
	const linksDir = path.join(home, 'l');
	const linkOf = createLinkFinder(linksDir);
	const layerDir = (id: string): string => path.join(home, id);
	const findLayerDir = async (id: string): Promise<string | undefined> => {
		for (const { driverDir } of places) {
			if (isFolder(path.join(driverDir, id))) return path.join(driverDir, id);
		}
		return undefined;
	};

	return {
		name: 'overlay',
		parentsFirst: false,
		dirs: [home, linksDir],
		layerDir,
		findLayerDir,
		diffDir: (dir) => path.join(dir, 'diff'),

		async prepare(stagedDir) {
			mkdirSync(stagedDir, { mode: 0o700 });
			for (const name of ['diff', 'work', 'merged']) mkdirSync(path.join(stagedDir, name), { mode: 0o700 });
			chmodSync(path.join(stagedDir, 'diff'), rootMode);
		},

		async finish(stagedDir, { id, parentDir, rootEntrySeen }) {
			// A layer that replaces a damaged one keeps its name: the layers above know it by that.
			const link = (await readLinkName(layerDir(id))) ?? linkOf(id) ?? newLinkName();
			const files = [path.join(stagedDir, 'link')];
			writeFileSync(path.join(stagedDir, 'link'), link);
			chmodSync(path.join(stagedDir, 'link'), 0o644);
			if (parentDir === undefined) {
				mkdirSync(path.join(stagedDir, 'empty'), { recursive: true, mode: 0o700 });
				return files;
			}
			const parentLink = await readLinkName(parentDir);
			if (parentLink === undefined) throw new BugError(`layer "${parentDir}" has no link`);
			const parentLower = await readIfThere(path.join(parentDir, 'lower'));
			const lower = [`l/${parentLink}`, ...(parentLower === undefined ? [] : [parentLower])].join(':');
			writeFileSync(path.join(stagedDir, 'lower'), lower);
			chmodSync(path.join(stagedDir, 'lower'), 0o644);
			if (!rootEntrySeen) copyOwnerAndMode(path.join(parentDir, 'diff'), stagedDir);
			return [...files, path.join(stagedDir, 'lower')];
		},

		async placed(id) {
			mkdirSync(linksDir, { recursive: true, mode: 0o755 });
			const link = await readLinkName(layerDir(id));
			if (link !== undefined) await ensureLink(linksDir, link, id);
		},

		async leaving(id) {
			try {
				sys.umount2(path.join(layerDir(id), 'merged'), detach | noFollow);
			} catch (error) {
				// EINVAL: nothing was mounted there, which is the rule.
				if (!['EINVAL', 'ENOENT', 'EPERM'].includes(errnoCode(error) ?? '')) throw error;
			}
			const link = (await readLinkName(layerDir(id))) ?? (await findLinkName(linksDir, id));
			if (link !== undefined) rmSync(path.join(linksDir, link), { force: true });
		},

		async inspect(id, ancestors) {
			const dir = await findLayerDir(id);
			if (dir === undefined) return 'its folder is missing';
			if (!isFolder(path.join(dir, 'diff'))) return 'its folder "diff" is missing';
			const link = await readLinkName(dir);
			if (link === undefined) return 'its file "link" is empty or missing';
			const own = path.dirname(dir) === home;
			if (own && (await linkedLayer(linksDir, link)) !== id) await ensureLink(linksDir, link, id);
			if (ancestors.length === 0) return undefined;
			const lower = await readIfThere(path.join(dir, 'lower'));
			if (lower === undefined || lower === '') return 'its file "lower" is empty or missing';
			return (await isParentsWithItsLink(lower, ancestors[0] ?? ''))
				? undefined
				: inspectLower(lower.split(':'), ancestors);
		},
	};

	/** The usual case; whether the parent's own list is right is found out when the parent is inspected. */
	async function isParentsWithItsLink(lower: string, parent: string): Promise<boolean> {
		const dir = await findLayerDir(parent);
		if (dir === undefined) return false;
		const [link, parentLower] = await Promise.all([readLinkName(dir), readIfThere(path.join(dir, 'lower'))]);
		return lower === [`l/${link}`, ...(parentLower === undefined ? [] : [parentLower])].join(':');
	}

	/** Every name in `lower` must lead to the ancestor whose turn it is. */
	async function inspectLower(
		lower: readonly string[],
		ancestors: readonly string[],
	): Promise<string | undefined> {
		if (lower.length !== ancestors.length) {
			return `its file "lower" names ${lower.length} layers instead of ${ancestors.length}`;
		}
		for (const [depth, ancestor] of ancestors.entries()) {
			const name = path.basename(lower[depth] ?? '');
			const dir = await findLayerDir(ancestor);
			if (dir === undefined) return `the folder of layer "${ancestor}" below it is missing`;
			const links = path.join(path.dirname(dir), 'l');
			if ((await linkedLayer(links, name)) === ancestor) continue;
			if ((await readLinkName(dir)) !== name) return `its file "lower" does not lead to layer "${ancestor}"`;
			if (links === linksDir) await ensureLink(linksDir, name, ancestor);
		}
		return undefined;
	}
}

/** A layer that says nothing about its root has its parent's. */
function copyOwnerAndMode(parentDiff: string, stagedDir: string): void {
	const { uid, gid, mode } = statSync(parentDiff);
	const diff = path.join(stagedDir, 'diff');
	chownSync(diff, uid, gid);
	chmodSync(diff, mode & 0o7777);
	if (uid === 0 && gid === 0) return;
	for (const name of ['work', 'merged']) chownSync(path.join(stagedDir, name), uid, gid);
}

function isFolder(file: string): boolean {
	try {
		return lstatSync(file, { throwIfNoEntry: false })?.isDirectory() === true;
	} catch {
		return false;
	}
}
