/**
 * Paths inside a container's root filesystem, whose symlinks were made by strangers: they are followed by hand, and an absolute
 * one, or one that climbs, stays inside. Whoever may change the root meanwhile must be trusted; nothing runs in it yet.
 */
import {
	chmodSync,
	closeSync,
	constants,
	fstatSync,
	lchownSync,
	lstatSync,
	mkdirSync,
	openSync,
	readlinkSync,
	readSync,
	type Stats,
} from 'node:fs';
import path from 'node:path';
import { errnoCode } from '../sys/errno.ts';

/** As many symlinks as the kernel follows in one path. */
const maxLinks = 40;

/**
 * Where a path of the container lies on the host, all symlinks followed, the last one too. Parts that are not there are taken
 * as they stand, so the result need not exist. @throws Error for a loop of symlinks or a NUL
 */
export function resolveInRootfs(rootfs: string, containerPath: string): string {
	if (containerPath.includes('\0')) throw new Error(`cannot resolve "${containerPath}": it holds a NUL`);
	const real: string[] = [];
	const rest = containerPath.split('/').reverse();
	let links = 0;
	for (let part = rest.pop(); part !== undefined; part = rest.pop()) {
		if (part === '' || part === '.') continue;
		if (part === '..') {
			// As in a chroot: above the root there is the root.
			real.pop();
			continue;
		}
		const target = linkTarget(path.join(rootfs, ...real, part));
		if (target === undefined) {
			real.push(part);
			continue;
		}
		if (++links > maxLinks) {
			throw new Error(`cannot resolve "${containerPath}": there are too many symlinks on its way`);
		}
		if (target.startsWith('/')) real.length = 0;
		rest.push(...target.split('/').reverse());
	}
	return path.join(rootfs, ...real);
}

/** Undefined for what is no symlink, or is not there at all. */
function linkTarget(file: string): string | undefined {
	// Asked first: what is thrown costs more than what is found, and most parts of a path are no symlinks.
	return statIfThere(file)?.isSymbolicLink() === true ? readlinkSync(file) : undefined;
}

/**
 * Makes a folder of the container with all that lead to it, as far as they are missing.
 * @param owner of the new ones; those that are there keep theirs
 * @returns its path on the host @throws Error where a part of it is no folder
 */
export function mkdirInRootfs(
	rootfs: string,
	containerPath: string,
	{ mode = 0o755, owner = { uid: 0, gid: 0 } }: MkdirOptions = {},
): string {
	const wanted = resolveInRootfs(rootfs, containerPath);
	let folder = rootfs;
	for (const part of path.relative(rootfs, wanted).split('/')) {
		if (part === '') continue;
		folder = path.join(folder, part);
		if (statIfThere(folder) === undefined) {
			mkdirSync(folder, { mode });
			// The umask may have taken bits away.
			chmodSync(folder, mode);
			lchownSync(folder, owner.uid, owner.gid);
		} else if (!lstatSync(folder).isDirectory()) {
			throw new Error(
				`cannot make folder "${containerPath}": "${path.relative(rootfs, folder)}" is no folder`,
			);
		}
	}
	return wanted;
}

export type MkdirOptions = {
	readonly mode?: number | undefined;
	readonly owner?: { readonly uid: number; readonly gid: number } | undefined;
};

/** What lies there; undefined for nothing. A symlink is not followed. */
export function statIfThere(file: string): Stats | undefined {
	try {
		return lstatSync(file, { throwIfNoEntry: false });
	} catch (error) {
		if (errnoCode(error) === 'ENOTDIR') return undefined;
		throw error;
	}
}

/**
 * Reads a small text file of the container. @returns undefined where there is none
 * @throws Error where it is no plain file or larger than the limit
 */
export function readFileInRootfs(
	rootfs: string,
	containerPath: string,
	maxBytes: number,
): { readonly text: string; readonly stats: Stats } | undefined {
	const file = resolveInRootfs(rootfs, containerPath);
	const before = statIfThere(file);
	if (before === undefined) return undefined;
	if (!before.isFile()) throw new Error(`cannot read "${containerPath}" of the image: it is no plain file`);
	const descriptor = openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
	try {
		const stats = fstatSync(descriptor);
		if (!stats.isFile()) throw new Error(`cannot read "${containerPath}" of the image: it is no plain file`);
		if (stats.size > maxBytes) {
			throw new Error(
				`cannot read "${containerPath}" of the image: ${stats.size} bytes are more than the ${maxBytes} allowed`,
			);
		}
		const content = Buffer.alloc(stats.size);
		let length = 0;
		for (let count = -1; count !== 0 && length < content.length; length += count) {
			count = readSync(descriptor, content, length, content.length - length, length);
		}
		return { text: content.toString('utf8', 0, length), stats };
	} finally {
		closeSync(descriptor);
	}
}
