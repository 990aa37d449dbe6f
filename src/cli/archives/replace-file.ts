/** Files that appear whole or not at all. */
import { randomBytes } from 'node:crypto';
import { type FileHandle, open, realpath, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isatty } from 'node:tty';
import { writeFailure } from './write-failure.ts';

/** A file that is being written. Disposing of it before `keep` leaves nothing behind. */
export type ReplacedFile = AsyncDisposable & {
	write(bytes: Uint8Array): Promise<void>;
	/** Makes it the file of its name, once everything is on the disk. */
	keep(): Promise<void>;
};

/** A name beside `path` that nobody else has. */
export function besidePath(path: string): string {
	return join(dirname(path), `.criscope-${randomBytes(6).toString('hex')}.tmp`);
}

async function writeAll(file: FileHandle, bytes: Uint8Array): Promise<void> {
	for (let at = 0; at < bytes.length; ) at += (await file.write(bytes, at)).bytesWritten;
}

/**
 * Opens a file beside the one it will replace. A device or pipe of that name, but for a terminal, is written to as it is;
 * a link stays a link, and what it points to is replaced.
 * @throws Error that names the path.
 */
export async function replaceFile(path: string): Promise<ReplacedFile> {
	try {
		const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
			if (error.code === 'ENOENT') return undefined;
			throw error;
		});
		if (found?.isDirectory()) throw new Error('it is a directory');
		const direct = found !== undefined && !found.isFile();
		const target = found === undefined ? path : await realpath(path);
		const temporary = direct ? target : besidePath(target);
		const file = await open(temporary, direct ? 'w' : 'wx', found?.isFile() ? found.mode & 0o777 : 0o666);
		if (direct && isatty(file.fd)) {
			await file.close();
			throw new Error('it is a terminal');
		}
		let kept = direct;
		return {
			async write(bytes) {
				try {
					await writeAll(file, bytes);
				} catch (error) {
					throw writeFailure(path, error);
				}
			},
			async keep() {
				if (direct) return;
				try {
					await file.sync();
					await rename(temporary, target);
					kept = true;
				} catch (error) {
					throw writeFailure(path, error);
				}
			},
			async [Symbol.asyncDispose]() {
				await file.close().catch(() => undefined);
				if (!kept) await rm(temporary, { force: true });
			},
		};
	} catch (error) {
		throw writeFailure(path, error);
	}
}
