/** What the server asks of the image half of the runtime. transfers.ts puts it together. */
import type {
	ArchiveFormat,
	PullTransferRequest,
	PushTransferRequest,
	SavePart,
	TransferEvent,
} from '../../cri/image-transfer.ts';
import type { WaitOptions } from '../storage/model.ts';

/**
 * Moves images between registries, archives and the store. Errors are those of src/cri/errors.ts with the sentence for a
 * person. Equal pulls at the same time are one pull; it ends when its last caller has gone.
 */
export type ImageTransfers = AsyncDisposable & {
	/** The last event is `completed`. */
	pull(request: PullTransferRequest, options?: WaitOptions): AsyncIterable<TransferEvent>;
	push(request: PushTransferRequest, options?: WaitOptions): AsyncIterable<TransferEvent>;
	load(
		request: { readonly name?: string | undefined },
		archive: AsyncIterable<Uint8Array>,
		options?: WaitOptions,
	): AsyncIterable<TransferEvent>;
	save(
		request: { readonly images: readonly string[]; readonly format: ArchiveFormat },
		options?: WaitOptions,
	): AsyncIterable<SavePart>;
};
