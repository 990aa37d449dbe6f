import type { LayerProgress, TransferEvent } from '../../cri/image-transfer.ts';
import type { ImageTransfers } from '../image/images.ts';

/** The same transfers, of which pulls are measured. A layer that is begun anew counts anew. */
export function countPulls(transfers: ImageTransfers, add: (bytes: number) => void): ImageTransfers {
	return {
		pull: async function* (request, options) {
			const told = new Map<number, number>();
			for await (const event of transfers.pull(request, options)) {
				for (const { index, transferredBytes } of layersOf(event)) {
					const before = told.get(index) ?? 0;
					add(transferredBytes >= before ? transferredBytes - before : transferredBytes);
					told.set(index, transferredBytes);
				}
				yield event;
			}
		},
		push: (request, options) => transfers.push(request, options),
		load: (request, archive, options) => transfers.load(request, archive, options),
		save: (request, options) => transfers.save(request, options),
		[Symbol.asyncDispose]: () => transfers[Symbol.asyncDispose](),
	};
}

/** What was there already was not downloaded. */
function layersOf(event: TransferEvent): readonly LayerProgress[] {
	return event.kind === 'layer' && event.layer.state !== 'present' ? [event.layer] : [];
}
