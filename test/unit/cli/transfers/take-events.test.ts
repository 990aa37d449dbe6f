import { expect, test } from 'vitest';
import { takeEvents } from '../../../../src/cli/transfers/take-events.ts';
import { type Direction, newTransfer } from '../../../../src/cli/transfers/transfer-state.ts';
import { UnavailableError } from '../../../../src/cri/errors.ts';
import type { TransferEvent } from '../../../../src/cri/image-transfer.ts';

const note: TransferEvent = { kind: 'note', text: 'on its way' };

function failing(direction: Direction, begun: boolean, cause: string) {
	async function* events(): AsyncGenerator<TransferEvent, void> {
		if (begun) yield note;
		throw new UnavailableError(`cannot ${direction} image "a:1": ${cause}`);
	}
	return takeEvents(events(), {
		state: () => newTransfer(direction, 'a:1', 0),
		event: () => undefined,
		archive: () => undefined,
		done: () => undefined,
		[Symbol.dispose]: () => undefined,
	});
}

const gone = 'nobody listens at unix:///x/s.sock';

test.each(['nothing is at unix:///x/s.sock', gone, 'the connection to unix:///x/s.sock was lost (reset)'])(
	'a runtime that goes away amid a push is said to have gone (%s)',
	async (cause) => {
		await expect(failing('push', true, cause)).rejects.toThrow(
			`cannot push image "a:1": the runtime went away during the push; push again when it answers (${cause})`,
		);
	},
);

test.each<[string, Direction, boolean, string]>([
	['that was never there', 'push', false, gone],
	['whose registry is gone', 'push', true, 'nobody answers at 127.0.0.1:5000'],
	['amid a pull, which has its own words', 'pull', true, gone],
])('a runtime %s is told as it is', async (_, direction, begun, cause) => {
	await expect(failing(direction, begun, cause)).rejects.toThrow(
		new UnavailableError(`cannot ${direction} image "a:1": ${cause}`),
	);
});
