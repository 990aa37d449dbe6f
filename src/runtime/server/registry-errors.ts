/** Errors of registries, told apart from those of the runtime itself. */
import { CriError, criErrorCode, errorMessage } from '../../cri/errors.ts';
import { PolicyRefusedError } from '../image/registries/policy.ts';
import { ShutdownError } from '../image/shared-transfers.ts';

/**
 * A registry that is away is not a runtime that is away: the status UNAVAILABLE is kept for that one. The word in front
 * is what a kubelet looks for, and it looks only at errors without a code of their own.
 * Source: k8s.io/cri-api pkg/errors, ErrRegistryUnavailable and ErrSignatureValidationFailed; cri-client remote_image.go,
 * pullImageV1.
 */
export function kubeletErrorOf(error: unknown): unknown {
	const word = isOf(error, PolicyRefusedError)
		? 'SignatureValidationFailed'
		: isOfRegistry(error)
			? 'RegistryUnavailable'
			: undefined;
	if (word === undefined) return error;
	return new CriError('unknown', `${word}: ${errorMessage(error)}`, { cause: error });
}

/** The events of a transfer; a registry that is away keeps its words and loses the code. */
export async function* withRegistryErrors<Event>(events: AsyncIterable<Event>): AsyncGenerator<Event, void> {
	try {
		yield* events;
	} catch (error) {
		if (!isOfRegistry(error)) throw error;
		throw new CriError('unknown', errorMessage(error), { cause: error });
	}
}

function isOfRegistry(error: unknown): boolean {
	return criErrorCode(error) === 'unavailable' && !isOf(error, ShutdownError);
}

/** True for an error of the class, and for one that it caused. */
function isOf(error: unknown, kind: typeof PolicyRefusedError | typeof ShutdownError): boolean {
	for (let one = error; one instanceof Error; one = one.cause) {
		if (one instanceof kind) return true;
	}
	return false;
}
