/** Which runtimes offer the second service (image-transfer.ts), as far as they were asked. */
import type { ImageTransferService } from '../../cri/image-transfer.ts';
import type { CriClient } from '../../cri/ports.ts';

/** Remembers per connection that a runtime lacks the service, so that it is asked once. */
export type TransferMemory = {
	/** The service of a runtime, unless that is known not to have it. */
	readonly of: (client: CriClient) => ImageTransferService | undefined;
	/** Notes that the runtime answered Unimplemented. */
	readonly lacks: (client: CriClient) => void;
};

/** Begins knowing nothing. */
export function createTransferMemory(): TransferMemory {
	const lacking = new WeakSet<CriClient>();
	return {
		of: (client) => (lacking.has(client) ? undefined : client.transfers),
		lacks: (client) => void lacking.add(client),
	};
}
