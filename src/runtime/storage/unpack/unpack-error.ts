import {
	CriError,
	type CriErrorCode,
	FailedPreconditionError,
	InternalError,
	InvalidArgumentError,
	isAbort,
	PermissionError,
	ResourceExhaustedError,
	UnavailableError,
} from '../../../cri/errors.ts';
import { type ByteString, shownName } from '../tar/byte-string.ts';
import { TarFormatError } from '../tar/tar-error.ts';
import { errorCode } from './layer-place.ts';

/** An error on its way from the worker: classes do not survive it. */
export type UnpackFailure = { readonly code: CriErrorCode; readonly message: string };

/**
 * Says what went wrong with a layer, by what its caller can do about it.
 * @param entry the entry that was being worked on, where the error does not name one
 */
export function unpackFailure(layer: string, entry: ByteString | undefined, error: unknown): UnpackFailure {
	const named = error instanceof TarFormatError ? (error.entry ?? entry) : entry;
	const at = named === undefined ? '' : `entry "${shownName(named)}": `;
	const cause = error instanceof Error ? error.message : String(error);
	return { code: codeOf(error), message: `cannot unpack layer "${layer}": ${at}${cause}` };
}

function codeOf(error: unknown): CriErrorCode {
	if (isAbort(error)) return 'cancelled';
	if (error instanceof TarFormatError) return 'invalidArgument';
	if (error instanceof CriError) return error.code;
	switch (errorCode(error)) {
		case 'ENOSPC':
		case 'EDQUOT':
			return 'resourceExhausted';
		case 'EROFS':
			return 'failedPrecondition';
		case 'EACCES':
		case 'EPERM':
			return 'permissionDenied';
		// The layer asks for what no filesystem (or not this one) can hold.
		case 'ENAMETOOLONG':
		case 'EFBIG':
		case 'ENOTDIR':
		case 'ELOOP':
		case 'E2BIG':
		case 'ERANGE':
			return 'invalidArgument';
		default:
			return 'internal';
	}
}

/** Back to an error of its class. */
export function errorOfFailure({ code, message }: UnpackFailure): CriError {
	switch (code) {
		case 'invalidArgument':
			return new InvalidArgumentError(message);
		case 'resourceExhausted':
			return new ResourceExhaustedError(message);
		case 'failedPrecondition':
			return new FailedPreconditionError(message);
		case 'permissionDenied':
			return new PermissionError(message);
		case 'unavailable':
			return new UnavailableError(message);
		default:
			return new InternalError(message);
	}
}
