import { InternalError } from '../../cri/errors.ts';
import type { TransferEvent } from '../../cri/image-transfer.ts';
import type { ShownTransfer } from './show-transfer.ts';
import type { Completed } from './transfer-state.ts';

/**
 * Takes every event of a transfer and shows it.
 * @returns what the runtime says of each image, at least one
 * @throws InternalError where it ended without saying that anything is complete.
 */
export async function takeEvents(
	events: AsyncIterable<TransferEvent>,
	shown: ShownTransfer,
): Promise<readonly [Completed, ...Completed[]]> {
	for await (const event of events) shown.event(event);
	const [first, ...more] = shown.state().completed;
	if (!first)
		throw new InternalError(
			`cannot finish "${shown.state().subject}": the runtime ended it without a result`,
		);
	return [first, ...more];
}
