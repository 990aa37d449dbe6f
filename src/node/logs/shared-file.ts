import * as fs from 'node:fs/promises';
import { type ByteSource, createFileSource } from './byte-source.ts';
import { identityOf } from './log-files.ts';

/** An open file with several users; closed when the last one lets go. */
export type SharedFile = {
	readonly handle: fs.FileHandle;
	readonly source: ByteSource;
	readonly identity: string;
	/** Size when opened; ask the handle for a file that grows. */
	readonly sizeBytes: number;
	users: number;
};

/** Opens a file with one user. @throws the system error, as it is. */
export async function openSharedFile(path: string): Promise<SharedFile> {
	const handle = await fs.open(path, 'r');
	try {
		const stat = await handle.stat({ bigint: true });
		if (!stat.isFile()) throw new Error('it is no plain file');
		return shareFile(handle, identityOf(stat), Number(stat.size));
	} catch (error) {
		await handle.close();
		throw error;
	}
}

/** Wraps a handle that is open already; the one user is the caller. */
export function shareFile(handle: fs.FileHandle, identity: string, sizeBytes: number): SharedFile {
	return { handle, source: createFileSource(handle), identity, sizeBytes, users: 1 };
}

/** Lets go of a shared file. Every `users += 1` (and the opening) needs one call. */
export async function releaseFile(file: SharedFile): Promise<void> {
	file.users -= 1;
	if (file.users > 0) return;
	try {
		await file.handle.close();
	} catch {
		// Read only: nothing is lost by a close that fails, and nobody could act on it.
	}
}
