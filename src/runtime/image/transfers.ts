/** Puts the image half of the runtime together. */
import { createHash } from 'node:crypto';
import type { PullTransferRequest } from '../../cri/image-transfer.ts';
import type { Store } from '../storage/model.ts';
import { defaultLayerLimits, type LayerLimits, type LayerUnpacker } from '../storage/unpacker.ts';
import { loadImages } from './archive/load.ts';
import { saveImages } from './archive/save.ts';
import { createByteBudget } from './byte-budget.ts';
import { defaultFetchLimits, type FetchLimits } from './fetch-blob.ts';
import type { ImageTransfers } from './images.ts';
import { createLayerClaims } from './layer-claims.ts';
import { pullImage } from './pull.ts';
import { pushImage } from './push.ts';
import type { Registries } from './registry.ts';
import { createSharedTransfers } from './shared-transfers.ts';
import {
	type ArchiveLimits,
	defaultArchiveLimits,
	defaultParallelLimits,
	type ParallelLimits,
	type TransferTools,
} from './transfer-tools.ts';
import { createYoungMemory } from './young-memory.ts';

/** Collaborators, which stay their owner's, and limits. */
export type ImageTransferOptions = {
	readonly store: Store;
	readonly registries: Registries;
	readonly unpacker: LayerUnpacker;
	/** Gets every note of every transfer, for the runtime's log. */
	readonly log?: ((line: string) => void) | undefined;
	readonly layerLimits?: LayerLimits | undefined;
	readonly fetchLimits?: FetchLimits | undefined;
	readonly parallel?: ParallelLimits | undefined;
	readonly archiveLimits?: ArchiveLimits | undefined;
};

/** How much of small blobs may wait in memory for its turn to be unpacked, over all transfers. */
const smallBlobsBytes = 8 * 2 ** 20;

/** Makes the transfers; nothing is begun before one is asked for. Disposing of it ends those under way and cleans up. */
export function createImageTransfers(options: ImageTransferOptions): ImageTransfers {
	const { store, registries, unpacker, log } = options;
	const tools: TransferTools = {
		store,
		registries,
		unpacker,
		claims: createLayerClaims(),
		layerLimits: options.layerLimits ?? defaultLayerLimits,
		fetchLimits: options.fetchLimits ?? defaultFetchLimits,
		parallel: options.parallel ?? defaultParallelLimits,
		archiveLimits: options.archiveLimits ?? defaultArchiveLimits,
		memory: createYoungMemory(),
		smallBlobs: createByteBudget(smallBlobsBytes),
	};
	const shared = createSharedTransfers(log);

	return {
		pull: (request, { signal } = {}) =>
			shared.run(pullKey(request), (events, work) => pullImage(request, tools, events, { signal: work }), {
				signal,
			}),
		push: (request, { signal } = {}) =>
			shared.run(undefined, (events, work) => pushImage(request, tools, events, { signal: work }), {
				signal,
			}),
		load: (request, archive, { signal } = {}) =>
			shared.run(undefined, (events, work) => loadImages(request, archive, tools, events, { signal: work }), {
				signal,
			}),
		save: (request, { signal } = {}) => saveImages(request, tools, { signal }),
		[Symbol.asyncDispose]: () => shared[Symbol.asyncDispose](),
	};
}

/** Equal requests have equal keys; credentials are not kept in clear in a table. */
function pullKey({ image, auth, platform }: PullTransferRequest): string {
	const credentials = createHash('sha256')
		.update(JSON.stringify(auth ?? null))
		.digest('hex');
	return JSON.stringify([image, platform ?? '', credentials]);
}
