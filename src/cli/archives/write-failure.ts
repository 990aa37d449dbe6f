/** Why a file or folder could not be written, for a person: what is done with it on the way is nobody's business. */
import { dirname } from 'node:path';

/** @returns an error of one sentence that names `path`, and never the temporary name beside it */
export function writeFailure(path: string, error: unknown): Error {
	return new Error(`cannot write "${path}": ${reasonOf(path, error)}`, { cause: error });
}

/** Source: errno(3) */
function reasonOf(path: string, error: unknown): string {
	const { code, message = String(error) } = error as Partial<NodeJS.ErrnoException>;
	const folder = dirname(path);
	switch (code) {
		case 'ENOENT':
			return `there is no folder "${folder}"`;
		case 'ENOTDIR':
			return `"${folder}" is no folder`;
		case 'EISDIR':
			return 'it is a directory';
		case 'EACCES':
		case 'EPERM':
			return 'permission denied';
		case 'EROFS':
			return 'the file system is read-only';
		case 'ENOSPC':
			return 'the disk is full';
		case 'EDQUOT':
			return 'the disk quota is used up';
		case 'EFBIG':
			return 'the file is larger than is allowed here';
		case 'ENAMETOOLONG':
			return 'the name is too long';
		case 'ELOOP':
			return 'its links lead in a circle';
		case 'EPIPE':
			return 'who reads it has gone';
		case 'EIO':
			return 'the disk reports an error (EIO)';
		default:
			return message;
	}
}
