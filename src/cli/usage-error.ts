import { InvalidArgumentError } from '../cri/errors.ts';

/** The arguments are wrong: one sentence, exit code 64. */
export class UsageError extends Error {
	override readonly name = 'UsageError';
}

/** Reads a flag's value with one of the protocol's readers, whose refusal means that the arguments are wrong. @throws UsageError */
export function asFlag<Value>(read: () => Value): Value {
	try {
		return read();
	} catch (error) {
		throw error instanceof InvalidArgumentError ? new UsageError(error.message, { cause: error }) : error;
	}
}
