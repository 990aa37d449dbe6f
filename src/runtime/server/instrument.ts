/** The one place where calls are logged and timed, and where whatever was thrown becomes what the caller is told. */
import {
	BugError,
	CriError,
	errorMessage,
	FailedPreconditionError,
	InternalError,
	isAbort,
	PermissionError,
	ResourceExhaustedError,
} from '../../cri/errors.ts';
import type { CallObserver } from '../../cri/transport/served-rpc.ts';
import type { Log, LogLevel } from '../log.ts';

/** Failures that say nothing about this machine: at most a caller would want to know. */
const ordinary = new Set(['cancelled', 'notFound', 'alreadyExists', 'invalidArgument', 'unimplemented']);

/** @param now milliseconds, for durations only */
export function createInstrument(log: Log, now: () => number = () => performance.now()): CallObserver {
	return ({ rpc, subject, changes }) => {
		const startedMs = now();
		const facts = () => ({
			rpc,
			object: subject === '' ? undefined : subject,
			durationMs: Math.round((now() - startedMs) * 10) / 10,
		});
		return {
			succeeded(result) {
				const fields = { ...facts(), code: 'ok', result: result === '' ? undefined : result };
				log(changes ? 'info' : 'debug', 'call served', fields);
			},
			failed(thrown) {
				const error = callErrorOf(thrown);
				log(levelOf(error, changes), 'call failed', {
					...facts(),
					code: error.code,
					error: error.message,
					// Without it nobody finds a fault of our own; the caller is not told.
					stack: isFault(thrown) ? thrown.stack : undefined,
				});
				return error;
			},
		};
	};
}

function levelOf(error: CriError, changes: boolean): LogLevel {
	if (error.code === 'internal') return 'error';
	if (!ordinary.has(error.code)) return 'warn';
	return changes ? 'info' : 'debug';
}

/** What a fault of the program itself looks like, as opposed to one of the world. */
function isFault(error: unknown): error is Error {
	return (
		error instanceof BugError ||
		error instanceof TypeError ||
		error instanceof RangeError ||
		error instanceof ReferenceError
	);
}

/** What a caller is told of anything that was thrown. Only its message goes out, never its stack. */
export function callErrorOf(error: unknown): CriError {
	if (error instanceof CriError) return error;
	const message = errorMessage(error);
	const options = { cause: error };
	if (isFault(error)) return new InternalError(`a fault of criscope: ${message}`, options);
	if (isAbort(error)) return new CriError('cancelled', message, options);
	switch (errnoOf(error)) {
		case 'ENOSPC':
		case 'EDQUOT':
		case 'EMFILE':
		case 'ENFILE':
		case 'ENOMEM':
			return new ResourceExhaustedError(message, options);
		case 'EACCES':
		case 'EPERM':
			return new PermissionError(message, options);
		case 'EROFS':
			return new FailedPreconditionError(message, options);
		default:
			return new CriError('unknown', message, options);
	}
}

/** The errno's name, from this error or from what caused it. */
function errnoOf(error: unknown): string | undefined {
	for (let at = error; at instanceof Error; at = at.cause) {
		if ('code' in at && typeof at.code === 'string' && /^E[A-Z0-9]+$/.test(at.code)) return at.code;
	}
	return undefined;
}
