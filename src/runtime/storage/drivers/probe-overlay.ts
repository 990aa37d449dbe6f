/** Whether overlay works on a filesystem: found out by mounting one. Source: overlayfs.rst; c/storage, supportsOverlay */
import { mkdir, mkdtemp, readdir, rm, statfs, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Sys } from '../../sys/sys.ts';

/** Filesystems that no overlay can have its upper folder on. Source: linux/magic.h */
const unfitFilesystems: ReadonlyMap<number, string> = new Map([
	[0x794c7630, 'overlay'],
	[0x6969, 'nfs'],
	[0xff534d42, 'cifs'],
	[0xfe534d42, 'smb2'],
	[0x61756673, 'aufs'],
	[0x2fc12fc1, 'zfs'],
	[0xf15f, 'ecryptfs'],
	[0x4d44, 'vfat'],
]);

const characterDevice = 0o020000;
const detach = 2;

/**
 * Mounts a tiny overlay of two layers in a private folder, and takes a file away through it.
 * @param dir on the filesystem in question; it must exist
 * @returns why overlay cannot be used there; undefined where it can
 */
export async function probeOverlay(sys: Sys, dir: string): Promise<string | undefined> {
	const unfit = unfitFilesystems.get((await statfs(dir)).type);
	if (unfit !== undefined) return `its filesystem is ${unfit}`;
	const place = await mkdtemp(path.join(dir, 'probe-'));
	const part = (name: string): string => path.join(place, name);
	try {
		for (const name of ['lower1', 'lower2/folder', 'upper', 'work', 'merged']) {
			await mkdir(part(name), { recursive: true });
		}
		await writeFile(part('lower2/folder/file'), '');
		sys.mknod(part('upper/whiteout'), characterDevice, 0, 0);
		const options = `lowerdir=${part('lower1')}:${part('lower2')},upperdir=${part('upper')},workdir=${part('work')}`;
		sys.mount('overlay', part('merged'), 'overlay', 0, options);
		try {
			await rm(part('merged/folder'), { recursive: true });
			// Whiteouts show where the filesystem does not say of what type an entry is.
			const names = await readdir(part('merged'));
			if (names.length > 0) return 'its filesystem does not say of what type an entry is (d_type)';
		} finally {
			sys.umount2(part('merged'), detach);
		}
		return undefined;
	} catch (error) {
		return error instanceof Error ? error.message : String(error);
	} finally {
		await rm(place, { recursive: true, force: true });
	}
}
