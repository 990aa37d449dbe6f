import { criErrorCode, errorMessage, InternalError, UnavailableError } from '../../cri/errors.ts';
import type { TransferEvent } from '../../cri/image-transfer.ts';
import type { ShownTransfer } from './show-transfer.ts';
import type { Completed } from './transfer-state.ts';

/** How the client ends its sentence where the connection is gone, and not something behind the runtime. */
const lostPattern =
	/^(.*?): ((?:nothing is|nobody listens) at \S+|the connection to \S+ was lost.*|\S+ takes no connection|the runtime is shutting down)$/s;

/**
 * Takes every event of a transfer and shows it.
 * @returns what the runtime says of each image, at least one
 * @throws InternalError where it ended without saying that anything is complete; UnavailableError where the runtime went away
 */
export async function takeEvents(
	events: AsyncIterable<TransferEvent>,
	shown: ShownTransfer,
): Promise<readonly [Completed, ...Completed[]]> {
	let hasBegun = false;
	try {
		for await (const event of events) {
			hasBegun = true;
			shown.event(event);
		}
	} catch (error) {
		throw hasBegun || shown.state().archive !== undefined ? explainLost(error, shown) : error;
	}
	const [first, ...more] = shown.state().completed;
	if (!first)
		throw new InternalError(
			`cannot finish "${shown.state().subject}": the runtime ended it without a result`,
		);
	return [first, ...more];
}

/**
 * What a transfer that had begun failed of: that nothing is at the socket now is true, but not what happened. A pull's failure is
 * explained by who shows it. @returns the error itself where the runtime is still there
 */
export function explainLost(error: unknown, shown: ShownTransfer): unknown {
	const { direction } = shown.state();
	const [, act, cause] = lostPattern.exec(errorMessage(error)) ?? [];
	if (direction === 'pull' || criErrorCode(error) !== 'unavailable' || act === undefined) return error;
	return new UnavailableError(
		`${act}: the runtime went away during the ${direction}; ${direction} again when it answers (${cause})`,
		{ cause: error },
	);
}
