import { chmodSync, lchownSync, lstatSync, symlinkSync } from 'node:fs';
import { pathOf } from '../tar/byte-string.ts';
import type { TarEntry } from '../tar/tar-entry.ts';
import { TarFormatError } from '../tar/tar-error.ts';
import { type LayerPlace, needsChmod, needsChown, setTimes, setXattrs } from './layer-place.ts';

const fileTypeBits = { char: 0o020000, block: 0o060000, fifo: 0o010000 } as const;
/** What the kernel keeps of a device's numbers. Source: linux/kdev_t.h */
const maxMajor = 0xfff;
const maxMinor = 0xfffff;

/** The last uid means "leave it" to chown. */
const maxOwner = 0xfffffffe;

/** Makes a symlink. @throws TarFormatError; Error with code EEXIST where there is something already */
export function makeSymlink(place: LayerPlace, full: string | Buffer, entry: TarEntry): void {
	if (entry.linkName === '') throw new TarFormatError('it is a symlink to nothing');
	symlinkSync(pathOf(entry.linkName), full);
	if (needsChown(place, entry)) lchownSync(full, entry.uid, entry.gid);
	setXattrs(place, full, entry);
	setTimes(place, full, entry);
}

/** A link's header speaks of the file, and mostly says what that is already. */
export function touchLinked(place: LayerPlace, full: string | Buffer, entry: TarEntry): void {
	const stat = lstatSync(full, { bigint: true });
	const ownerDiffers = Number(stat.uid) !== entry.uid || Number(stat.gid) !== entry.gid;
	if (ownerDiffers) lchownSync(full, entry.uid, entry.gid);
	if (stat.isSymbolicLink()) return;
	if (ownerDiffers || (Number(stat.mode) & 0o7777) !== entry.mode) chmodSync(full, entry.mode);
	setXattrs(place, full, entry);
	const mtimeNanos = BigInt(entry.mtimeSeconds) * 1_000_000_000n + BigInt(entry.mtimeNanos);
	if (stat.mtimeNs !== mtimeNanos) setTimes(place, full, entry);
}

/** Makes a device or a fifo. @throws TarFormatError; SyscallError with code EEXIST where there is something already */
export function makeNode(place: LayerPlace, full: string | Buffer, entry: TarEntry): void {
	const type = entry.type as 'char' | 'block' | 'fifo';
	const { major, minor } = type === 'fifo' ? { major: 0, minor: 0 } : entry;
	if (type !== 'fifo' && !place.devicesAllowed)
		throw new TarFormatError('it is a device, which is not allowed here');
	if (major < 0 || major > maxMajor || minor < 0 || minor > maxMinor)
		throw new TarFormatError(`there is no device ${major}:${minor}`);
	place.sys.mknod(full, fileTypeBits[type] | (entry.mode & 0o777), major, minor);
	if (needsChown(place, entry)) lchownSync(full, entry.uid, entry.gid);
	if (needsChmod(place, entry.mode)) chmodSync(full, entry.mode);
	setXattrs(place, full, entry);
	setTimes(place, full, entry);
}

/** Marks something of a lower layer as deleted. @throws SyscallError with code EEXIST where there is something already */
export function makeWhiteout(place: LayerPlace, full: string | Buffer): void {
	place.sys.mknod(full, fileTypeBits.char, 0, 0);
}

/** @throws TarFormatError for an owner that no system call takes */
export function checkOwner({ uid, gid }: TarEntry): void {
	if (uid < 0 || uid > maxOwner || gid < 0 || gid > maxOwner)
		throw new TarFormatError(`its owner ${uid}:${gid} does not exist`);
}
