import { lutimesSync } from 'node:fs';
import type { Sys } from '../../sys/sys.ts';
import { type ByteString, pathOf, shownName } from '../tar/byte-string.ts';
import type { TarEntry } from '../tar/tar-entry.ts';
import { TarFormatError } from '../tar/tar-error.ts';

/** Where a layer is unpacked to, and what is known of that place. */
export type LayerPlace = {
	/** Absolute, without a slash at its end. Nobody else writes below it. */
	readonly root: ByteString;
	/** `vfs`: the root holds a copy of the parent layer already, and whiteouts delete from it. */
	readonly driver: 'overlay' | 'vfs';
	readonly devicesAllowed: boolean;
	/** Of this process: a mode that it does not touch needs no chmod. */
	readonly umask: number;
	readonly sys: Sys;
};

/** PATH_MAX with its NUL. */
const maxPathBytes = 4095;

/**
 * The whole path of something in the layer.
 * @throws TarFormatError where it is longer than a system call takes
 */
export function fullPath(place: LayerPlace, path: ByteString): string | Buffer {
	const full = path === '' ? place.root : `${place.root}/${path}`;
	if (full.length > maxPathBytes) throw new TarFormatError(`its path is longer than ${maxPathBytes} bytes`);
	return pathOf(full);
}

const ignoredXattrs = new Set(['security.selinux']);
/** Overlay's own marks: a layer that brought them could make the kernel look elsewhere for its files. */
const overlayXattrs = 'trusted.overlay.';

/** Extended attributes of an entry; those a filesystem does not support are left out, as Podman does. */
export function setXattrs(place: LayerPlace, full: string | Buffer, entry: TarEntry): void {
	for (const [name, value] of entry.xattrs) {
		if (ignoredXattrs.has(name)) continue;
		const opaque = name === 'trusted.overlay.opaque';
		if (name.startsWith(overlayXattrs) && !(opaque && place.driver === 'overlay')) continue;
		try {
			place.sys.lsetxattr(full, shownName(name), Buffer.from(value, 'latin1'));
		} catch (error) {
			if (errorCode(error) !== 'ENOTSUP') throw error;
		}
	}
}

/** Sets the times of anything by its path, a symlink's own too. */
export function setTimes(place: LayerPlace, full: string | Buffer, entry: TarEntry): void {
	if (hasPlainTime(entry)) lutimesSync(full, entry.mtimeSeconds, entry.mtimeSeconds);
	else place.sys.setModified(full, entry.mtimeSeconds, entry.mtimeNanos);
}

/** True for whole seconds since 1970: Node's own calls take them without loss. */
export function hasPlainTime(entry: TarEntry): boolean {
	return entry.mtimeNanos === 0 && entry.mtimeSeconds >= 0;
}

/** True where the mode given at creation is not what comes out: bits that the umask takes, or setuid, setgid, sticky. */
export function needsChmod(place: LayerPlace, mode: number): boolean {
	return (mode & (place.umask | 0o7000)) !== 0;
}

/** True where a new file does not belong to whom it should: in vfs a folder may pass its group on. */
export function needsChown(place: LayerPlace, entry: TarEntry): boolean {
	return entry.uid !== 0 || entry.gid !== 0 || place.driver === 'vfs';
}

/** The errno's name of an error of Node or of Sys. */
export function errorCode(error: unknown): string | undefined {
	return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
