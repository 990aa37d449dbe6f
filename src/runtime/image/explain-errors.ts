/** From what went wrong to the classes that callers understand, each message one sentence about one image. */
import {
	BugError,
	CriError,
	type CriErrorCode,
	errorMessage,
	FailedPreconditionError,
	InternalError,
	InvalidArgumentError,
	isAbort,
	NotFoundError,
	PermissionError,
	ResourceExhaustedError,
	UnavailableError,
} from '../../cri/errors.ts';
import { RegistryError } from './model.ts';

const diskErrors = new Map<string, string>([
	['ENOSPC', 'no space left on device'],
	['EDQUOT', 'disk quota exceeded'],
	['EROFS', 'the file system is read-only'],
	['EMFILE', 'too many open files'],
]);

/**
 * Puts an error under a heading such as `cannot pull image "x"`. Sentences that begin with `cannot` stand as the cause all
 * the same, since they say on what. Errors of the caller's signal and bugs stay what they are.
 */
export function explainTransferError(heading: string, error: unknown): Error {
	if (error instanceof BugError || (isAbort(error) && error instanceof Error)) return error;
	// The same heading twice says nothing more, and one with the name in full says it better.
	const said = errorMessage(error);
	const verb = heading.replace(/".*$/, '"');
	const message = said.startsWith(verb) ? said : `${heading}: ${said}`;
	if (error instanceof RegistryError) return classOf(codeOfRegistryError(error), message, error);
	if (error instanceof CriError) return classOf(error.code, message, error);
	const code = (error as NodeJS.ErrnoException | undefined)?.code;
	const disk = typeof code === 'string' ? diskErrors.get(code) : undefined;
	if (disk !== undefined) {
		const text = `${heading}: ${disk} (${said})`;
		return classOf(code === 'EROFS' ? 'failedPrecondition' : 'resourceExhausted', text, error);
	}
	return error instanceof DOMException && error.name === 'TimeoutError'
		? error
		: new InternalError(message, { cause: error });
}

function codeOfRegistryError({ kind }: RegistryError): CriErrorCode {
	switch (kind) {
		case 'unauthorized':
		case 'refused':
			return 'permissionDenied';
		case 'notFound':
			return 'notFound';
		case 'rateLimited':
			return 'resourceExhausted';
		case 'unreachable':
		case 'serverError':
			return 'unavailable';
		case 'certificate':
			return 'failedPrecondition';
		case 'invalid':
			return 'invalidArgument';
	}
}

function classOf(code: CriErrorCode, message: string, cause: unknown): CriError {
	const options = { cause };
	switch (code) {
		case 'permissionDenied':
			return new PermissionError(message, options);
		case 'notFound':
			return new NotFoundError(message, options);
		case 'resourceExhausted':
			return new ResourceExhaustedError(message, options);
		case 'unavailable':
			return new UnavailableError(message, options);
		case 'failedPrecondition':
			return new FailedPreconditionError(message, options);
		case 'invalidArgument':
			return new InvalidArgumentError(message, options);
		default:
			return new CriError(code, message, options);
	}
}
