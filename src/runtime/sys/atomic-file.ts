/** Files that are either as they were or as they shall be, whatever happens meanwhile. */
import { randomUUID } from 'node:crypto';
import { closeSync, fchmodSync, fstatSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import type { Sys } from './sys.ts';

/** How the names of files begin that were being written when the program was killed; nobody else uses such names. */
export const unfinishedPrefix = '.criscope-';

/** Longest content that is written on the main thread, in characters or bytes: a page cache takes it in microseconds. */
const atOnceLength = 64 * 1024;

export type AtomicFileOptions = {
	/** Permissions of the new file. */
	readonly mode: number;
	/** Survives a power cut; without it the file survives only a crash of the program, and costs no wait for the disk. */
	readonly durable: boolean;
	/** False where the caller writes the folder out itself, once for many files. */
	readonly syncFolder?: boolean | undefined;
	/**
	 * Where the content may be lost with the power, old and new: the names of the two files change places. A file that
	 * replaces another ext4 begins to write out at once (`auto_da_alloc`), a millisecond or more in which the caller waits.
	 */
	readonly exchange?: Sys['exchange'] | undefined;
};

/**
 * Replaces a file: written beside it, written out to the disk, renamed over it, and the folder written out too.
 * On failure the old file stays and nothing is left beside it.
 * @throws the errors of open, write, fsync and rename
 */
export async function writeFileAtomically(
	file: string,
	content: string | Uint8Array,
	{ mode, durable, syncFolder = durable, exchange }: AtomicFileOptions,
): Promise<void> {
	const name = `${unfinishedPrefix}${path.basename(file).slice(0, 64)}-${randomUUID().slice(0, 13)}`;
	const temporary = path.join(path.dirname(file), name);
	const atOnce = !durable && content.length <= atOnceLength;
	try {
		if (atOnce) writeAtOnce(temporary, content, mode);
		else await writeNewFile(temporary, content, { mode, durable });
		if (!durable && exchange?.(temporary, file) === true) rmSync(temporary);
		// On another thread: the disk may have to be waited for.
		else await rename(temporary, file);
	} catch (error) {
		await rm(temporary, { force: true });
		throw error;
	}
	if (syncFolder) await syncPath(path.dirname(file));
}

/** At once: it waits for no disk, and three turns through other threads would cost more than the calls. */
function writeAtOnce(file: string, content: string | Uint8Array, mode: number): void {
	const descriptor = openSync(file, 'wx', mode);
	try {
		writeFileSync(descriptor, content);
		if ((fstatSync(descriptor).mode & 0o7777) !== mode) fchmodSync(descriptor, mode);
	} finally {
		closeSync(descriptor);
	}
}

/** Writes a file that must not be there yet. */
export async function writeNewFile(
	file: string,
	content: string | Uint8Array,
	{ mode, durable }: AtomicFileOptions,
): Promise<void> {
	await using handle = await open(file, 'wx', mode);
	await handle.writeFile(content);
	// The umask may have taken bits away.
	if ((fstatSync(handle.fd).mode & 0o7777) !== mode) await handle.chmod(mode);
	if (durable) await handle.sync();
}

/** Writes a file or a folder (its entries) out to the disk. Source: fsync(2) */
export async function syncPath(file: string): Promise<void> {
	await using handle = await open(file, 'r');
	await handle.sync();
}
