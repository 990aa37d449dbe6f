/** Errors of registries, told apart from those of the runtime itself. */
import { CriError, criErrorCode, errorMessage } from '../../cri/errors.ts';

/**
 * A registry that is away is not a runtime that is away: the status UNAVAILABLE is kept for that one. The word in front
 * is what a kubelet looks for, and it looks only at errors without a code of their own.
 * Source: k8s.io/cri-api pkg/errors, ErrRegistryUnavailable; cri-client remote_image.go, pullImageV1.
 */
export function kubeletErrorOf(error: unknown): unknown {
	if (criErrorCode(error) !== 'unavailable') return error;
	return new CriError('unknown', `RegistryUnavailable: ${errorMessage(error)}`, { cause: error });
}

/** The events of a transfer; a registry that is away keeps its words and loses the code. */
export async function* withRegistryErrors<Event>(events: AsyncIterable<Event>): AsyncGenerator<Event, void> {
	try {
		yield* events;
	} catch (error) {
		if (criErrorCode(error) !== 'unavailable') throw error;
		throw new CriError('unknown', errorMessage(error), { cause: error });
	}
}
