/** What went wrong with a store, by what the caller can do about it. */
import {
	BugError,
	CriError,
	FailedPreconditionError,
	InternalError,
	isAbort,
	PermissionError,
	ResourceExhaustedError,
} from '../../cri/errors.ts';
import { errnoCode } from '../sys/errno.ts';

/**
 * Runs one act on the store; an error of the system becomes one that says what could not be done.
 * @param act `commit layers to store "/var/lib/containers/storage"`
 */
export async function explaining<T>(act: string, run: () => T | Promise<T>): Promise<T> {
	try {
		return await run();
	} catch (error) {
		throw storeError(act, error);
	}
}

/** @returns the error itself where it already speaks for itself */
export function storeError(act: string, error: unknown): unknown {
	if (error instanceof CriError || error instanceof BugError || isAbort(error)) return error;
	const cause = error instanceof Error ? error.message : String(error);
	const options = { cause: error };
	switch (errnoCode(error)) {
		case 'ENOSPC':
			return new ResourceExhaustedError(
				`cannot ${act}: no space is left on the disk; remove images or free space`,
				options,
			);
		case 'EDQUOT':
			return new ResourceExhaustedError(`cannot ${act}: the disk quota is used up`, options);
		case 'EMFILE':
		case 'ENFILE':
			return new ResourceExhaustedError(`cannot ${act}: too many open files`, options);
		case 'EROFS':
			return new FailedPreconditionError(
				`cannot ${act}: the filesystem is read-only (${cause}); the kernel's log may say why`,
				options,
			);
		case 'EACCES':
		case 'EPERM':
			return new PermissionError(`cannot ${act}: ${cause}; run as root`, options);
		default:
			return new InternalError(`cannot ${act}: ${cause}`, options);
	}
}
