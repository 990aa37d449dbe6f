/** This host's own busybox: all that the images of the demo are made of. */
import { readFile } from 'node:fs/promises';

/** Where distributions put one that needs no libraries: Debian, Alpine, Fedora. */
export const busyboxPaths: readonly string[] = ['/bin/busybox', '/bin/busybox.static', '/usr/sbin/busybox'];

const advice = 'the demo needs a static one: install the package busybox-static';

/** A program of the host, to be put into an image. */
export type Busybox = {
	readonly path: string;
	readonly bytes: Uint8Array;
};

/**
 * Whether an ELF program needs no dynamic loader, and so runs in an image that has nothing else.
 * Source: elf(5): e_phoff, e_phentsize, e_phnum, and PT_INTERP.
 */
export function isStaticElf(bytes: Uint8Array): boolean {
	const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
	if (bytes.length < 64 || view.getUint32(0) !== 0x7f454c46) return false;
	const wide = bytes[4] === 2;
	const little = bytes[5] === 1;
	const start = wide ? Number(view.getBigUint64(32, little)) : view.getUint32(28, little);
	const entryBytes = view.getUint16(wide ? 54 : 42, little);
	const count = view.getUint16(wide ? 56 : 44, little);
	const interpreter = 3;
	for (let index = 0; index < count; index++) {
		const at = start + index * entryBytes;
		if (at + 4 > bytes.length || view.getUint32(at, little) === interpreter) return false;
	}
	return count > 0;
}

/**
 * Reads the first static busybox of `paths`.
 * @throws Error in one sentence that names the package, where there is none.
 */
export async function readBusybox(
	paths: readonly string[],
	{ signal }: { readonly signal: AbortSignal },
): Promise<Busybox> {
	let dynamic: string | undefined;
	for (const path of paths) {
		try {
			const bytes = await readFile(path, { signal });
			if (isStaticElf(bytes)) return { path, bytes };
			dynamic ??= path;
		} catch (error) {
			signal.throwIfAborted();
			const { code, message } = error as NodeJS.ErrnoException;
			if (code === 'ENOENT' || code === 'ENOTDIR') continue;
			throw new Error(`cannot read "${path}": ${message}`, { cause: error });
		}
	}
	const [first = ''] = paths;
	if (dynamic === undefined) throw new Error(`cannot find busybox at "${first}": ${advice}`);
	throw new Error(`cannot use "${dynamic}", which needs shared libraries: ${advice}`);
}
