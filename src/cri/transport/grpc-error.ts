/** The one place where a gRPC failure becomes one of our errors. */
import type { ServiceError } from '@grpc/grpc-js';
import {
	AlreadyExistsError,
	CriError,
	criErrorCode,
	DeadlineError,
	FailedPreconditionError,
	InternalError,
	InvalidArgumentError,
	NotFoundError,
	PermissionError,
	ResourceExhaustedError,
	UnavailableError,
	UnimplementedError,
} from '../errors.ts';
import type { ProbeResult } from '../socket-probe.ts';

/** What was tried when a call failed. */
export type CallContext = {
	/** `cannot` and what follows: "stop container". */
	readonly doing: string;
	/** Name or id of the object; '' for a call about none. */
	readonly object: string;
	readonly endpoint: string;
	/** Path of the unix socket; undefined for tcp. */
	readonly socketPath: string | undefined;
	readonly timeoutMs: number;
};

/** True for what grpc-js rejects a call with. */
export function isServiceError(error: unknown): error is ServiceError {
	return error instanceof Error && 'code' in error && typeof error.code === 'number' && 'details' in error;
}

/** The text of the runtime, without the wrapping some of them add to it. */
function detailsOf(error: ServiceError): string {
	return error.details.trim() === '' ? 'the runtime gave no reason' : error.details.trim();
}

function seconds(timeoutMs: number): string {
	return timeoutMs < 1000 ? `${timeoutMs} ms` : `${Math.round(timeoutMs / 100) / 10} s`;
}

/**
 * Makes one of our errors of a gRPC failure; the failure is its cause.
 * @param probe what was found at the endpoint, where the failure was UNAVAILABLE.
 */
export function criErrorOf(error: ServiceError, context: CallContext, probe?: ProbeResult): CriError {
	const details = detailsOf(error);
	const object = context.object === '' ? '' : ` "${context.object}"`;
	// Our own runtime begins its sentences as this does: once is enough.
	const message = (cause: string) =>
		cause.startsWith(`cannot ${context.doing}`) ? cause : `cannot ${context.doing}${object}: ${cause}`;
	const options = { cause: error };
	const code = criErrorCode(error) ?? 'unknown';
	switch (code) {
		case 'notFound':
			return new NotFoundError(message(details), options);
		case 'alreadyExists':
			return new AlreadyExistsError(message(details), options);
		case 'invalidArgument':
			return new InvalidArgumentError(message(details), options);
		case 'failedPrecondition':
			return new FailedPreconditionError(message(details), options);
		case 'resourceExhausted':
			return new ResourceExhaustedError(message(details), options);
		case 'permissionDenied':
			return new PermissionError(message(details), { ...options, path: context.socketPath });
		case 'unimplemented':
			return new UnimplementedError(message(unimplementedCause(details, context)), options);
		case 'internal':
			return new InternalError(message(details), options);
		case 'deadlineExceeded':
			return new DeadlineError(message(deadlineCause(details, context)), {
				...options,
				timeoutMs: context.timeoutMs,
			});
		case 'unavailable':
			if (probe?.kind === 'denied') {
				return new PermissionError(message(`no permission to open ${context.socketPath}`), {
					...options,
					path: context.socketPath,
				});
			}
			return new UnavailableError(message(unavailableCause(details, context, probe)), options);
		case 'cancelled':
		case 'unknown':
			return new CriError(code, message(details), options);
	}
}

/** Tells our own deadline from one that the runtime had for its work, such as that of an ExecSync. */
function deadlineCause(details: string, context: CallContext): string {
	if (!/^deadline exceeded/i.test(details)) return details;
	return `no answer from ${context.endpoint} within ${seconds(context.timeoutMs)}`;
}

function unimplementedCause(details: string, context: CallContext): string {
	// What containerd answers when its CRI plugin is off, as Docker's package ships it.
	if (/unknown service runtime\.v1\./.test(details)) {
		return `${context.endpoint} serves no CRI v1; with containerd, look for "cri" in disabled_plugins of /etc/containerd/config.toml`;
	}
	return `the runtime does not offer this (${details})`;
}

/** What is of use in grpc-js's account of a failed connection, which also has a date and an empty remark. */
function connectionCause(details: string): string {
	const last = /last error: (.*?)(?: \(\d{4}-[^)]*\))?\.?(?: resolution note:.*)?$/is.exec(details)?.[1];
	return last || details;
}

function unavailableCause(details: string, context: CallContext, probe: ProbeResult | undefined): string {
	switch (probe?.kind) {
		case 'missing':
			return `nothing is at ${context.endpoint}`;
		case 'refused':
			return `nobody listens at ${context.endpoint}`;
		case 'silent':
			return `${context.endpoint} takes no connection`;
		case 'broken':
			return `${context.endpoint} is no use: ${probe.message}`;
		default:
			// What grpc-js itself says when a connection fails; anything else are the runtime's own words.
			return /^(no connection|connection dropped|channel|received rst_stream|read e|write e)/i.test(details)
				? `the connection to ${context.endpoint} was lost (${connectionCause(details)})`
				: details;
	}
}

/** The error every aborted call ends with, whatever the reason given to the signal. */
export function abortError(signal: AbortSignal | undefined): DOMException {
	return new DOMException('the call was cancelled', { name: 'AbortError', cause: signal?.reason });
}
