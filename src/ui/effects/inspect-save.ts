import { randomBytes } from 'node:crypto';
import { link, rename, unlink, writeFile } from 'node:fs/promises';
import path from 'node:path';

/** What saving led to. */
export type Saved =
	| { readonly kind: 'saved'; readonly path: string; readonly bytes: number }
	| { readonly kind: 'exists' }
	| { readonly kind: 'failed'; readonly reason: string };

function reasonOf(error: unknown): string {
	const code = error instanceof Error && 'code' in error ? error.code : undefined;
	switch (code) {
		case 'ENOENT':
		case 'ENOTDIR':
			return 'there is no such folder';
		case 'EACCES':
		case 'EPERM':
			return 'no permission to write there';
		case 'EROFS':
			return 'the file system is read-only';
		case 'ENOSPC':
		case 'EDQUOT':
			return 'the disk is full';
		case 'EISDIR':
			return 'that is a folder';
		default:
			return error instanceof Error ? error.message : String(error);
	}
}

/**
 * Writes a text to a file that only its owner may read, whole or not at all. A file that exists is left alone
 * unless `replace`: then it gives way in one step, and a link there is replaced rather than followed.
 * @param target absolute, or relative to the working folder; `~/` is the home folder.
 */
export async function saveText(
	target: string,
	text: string,
	options: { readonly replace: boolean; readonly home: string | undefined },
): Promise<Saved> {
	const { home } = options;
	const file = path.resolve(home && target.startsWith('~/') ? path.join(home, target.slice(2)) : target);
	const partial = path.join(path.dirname(file), `.criscope-${randomBytes(6).toString('hex')}.part`);
	try {
		await writeFile(partial, text, { flag: 'wx', mode: 0o600 });
		try {
			// A second name fails where one exists already, which renaming does not.
			if (options.replace) await rename(partial, file);
			else await link(partial, file);
		} finally {
			await unlink(partial).catch(() => undefined);
		}
		return { kind: 'saved', path: file, bytes: Buffer.byteLength(text) };
	} catch (error) {
		if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return { kind: 'exists' };
		return { kind: 'failed', reason: reasonOf(error) };
	}
}
