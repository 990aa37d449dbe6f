/**
 * Errors by what the caller can do about them, each with the gRPC status it travels as.
 * Predicates work on these classes and on a foreign gRPC ServiceError alike.
 * Source: google.golang.org/grpc/codes for the numbers.
 */

/** What a CRI error means to its caller; the names of gRPC's status codes. */
export type CriErrorCode =
	| 'cancelled'
	| 'unknown'
	| 'invalidArgument'
	| 'deadlineExceeded'
	| 'notFound'
	| 'alreadyExists'
	| 'permissionDenied'
	| 'resourceExhausted'
	| 'failedPrecondition'
	| 'unimplemented'
	| 'internal'
	| 'unavailable';

/** gRPC status number of each code. */
export const grpcStatusOf: Readonly<Record<CriErrorCode, number>> = {
	cancelled: 1,
	unknown: 2,
	invalidArgument: 3,
	deadlineExceeded: 4,
	notFound: 5,
	alreadyExists: 6,
	permissionDenied: 7,
	resourceExhausted: 8,
	failedPrecondition: 9,
	unimplemented: 12,
	internal: 13,
	unavailable: 14,
};

/** The base of all errors that cross the CRI; `message` is one sentence, lower case, no full stop. */
export class CriError extends Error {
	override readonly name: string = 'CriError';
	readonly code: CriErrorCode;

	constructor(code: CriErrorCode, message: string, options?: ErrorOptions) {
		super(message, options);
		this.code = code;
	}
}

/** The object is not there (any more). */
export class NotFoundError extends CriError {
	override readonly name = 'NotFoundError';
	constructor(message: string, options?: ErrorOptions) {
		super('notFound', message, options);
	}
}

/** An object of that name exists already. */
export class AlreadyExistsError extends CriError {
	override readonly name = 'AlreadyExistsError';
	constructor(message: string, options?: ErrorOptions) {
		super('alreadyExists', message, options);
	}
}

/** The request itself is wrong; repeating it cannot help. */
export class InvalidArgumentError extends CriError {
	override readonly name = 'InvalidArgumentError';
	constructor(message: string, options?: ErrorOptions) {
		super('invalidArgument', message, options);
	}
}

/** The object is in a state that does not allow this. */
export class FailedPreconditionError extends CriError {
	override readonly name = 'FailedPreconditionError';
	constructor(message: string, options?: ErrorOptions) {
		super('failedPrecondition', message, options);
	}
}

/** Nobody answers at the endpoint; the same call may work later. */
export class UnavailableError extends CriError {
	override readonly name = 'UnavailableError';
	constructor(message: string, options?: ErrorOptions) {
		super('unavailable', message, options);
	}
}

/** No answer within the deadline of the call. */
export class DeadlineError extends CriError {
	override readonly name = 'DeadlineError';
	readonly timeoutMs: number | undefined;
	constructor(message: string, options?: ErrorOptions & { readonly timeoutMs?: number | undefined }) {
		super('deadlineExceeded', message, options);
		this.timeoutMs = options?.timeoutMs;
	}
}

/** A limit was hit: a quota, a full disk, a message over the cap. */
export class ResourceExhaustedError extends CriError {
	override readonly name = 'ResourceExhaustedError';
	constructor(message: string, options?: ErrorOptions) {
		super('resourceExhausted', message, options);
	}
}

/** The caller may not do this; `path` names the socket or file where there is one. */
export class PermissionError extends CriError {
	override readonly name = 'PermissionError';
	readonly path: string | undefined;
	constructor(message: string, options?: ErrorOptions & { readonly path?: string | undefined }) {
		super('permissionDenied', message, options);
		this.path = options?.path;
	}
}

/** The runtime does not know this RPC, or does not offer it. */
export class UnimplementedError extends CriError {
	override readonly name = 'UnimplementedError';
	constructor(message: string, options?: ErrorOptions) {
		super('unimplemented', message, options);
	}
}

/** The other side failed in a way that only its own log explains. */
export class InternalError extends CriError {
	override readonly name = 'InternalError';
	constructor(message: string, options?: ErrorOptions) {
		super('internal', message, options);
	}
}

/** A fault of this program: never caught and hidden, always shown with its stack. */
export class BugError extends Error {
	override readonly name = 'BugError';
}

/** Says at compile time that every case is handled, and fails loudly where the compiler was misled. */
export function unreachable(value: never): never {
	throw new BugError(`unhandled case: ${JSON.stringify(value)}`);
}

const codeOfStatus = new Map<number, CriErrorCode>(
	Object.entries(grpcStatusOf).map(([code, status]) => [status, code as CriErrorCode]),
);

/** The code of one of our errors or of a gRPC ServiceError; undefined for anything else. */
export function criErrorCode(error: unknown): CriErrorCode | undefined {
	if (error instanceof CriError) return error.code;
	if (error instanceof Error && 'code' in error && typeof error.code === 'number') {
		return codeOfStatus.get(error.code) ?? 'unknown';
	}
	return undefined;
}

/** True where the object named in the call does not exist. */
export function isNotFound(error: unknown): boolean {
	return criErrorCode(error) === 'notFound';
}

/** True where the runtime does not know the RPC. */
export function isUnimplemented(error: unknown): boolean {
	return criErrorCode(error) === 'unimplemented';
}

/** True where nobody answered: no socket, connection refused, or no answer in time. */
export function isUnreachable(error: unknown): boolean {
	const code = criErrorCode(error);
	return code === 'unavailable' || code === 'deadlineExceeded';
}

/** True where a call ended because its AbortSignal said so. */
export function isAbort(error: unknown): boolean {
	return error instanceof Error && (error.name === 'AbortError' || criErrorCode(error) === 'cancelled');
}

/** True where an answer is over the limit of one message: grpc-js and Go both say "larger than max", the receiver and the sender. */
export function isTooLargeAnswer(error: unknown): boolean {
	return error instanceof ResourceExhaustedError && /larger than max/i.test(errorMessage(error));
}

/** The text of anything that was thrown, one line per cause, outermost first. */
export function errorMessage(error: unknown): string {
	return error instanceof Error ? error.message : String(error);
}
