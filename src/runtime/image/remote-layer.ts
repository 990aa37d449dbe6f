/** A layer in a registry: its blob flows into a file that grows while it is unpacked, or, if it is small, into memory. */
import type { Digest, Store } from '../storage/model.ts';
import type { BlobTarget } from './blob-sink.ts';
import type { ByteBudget } from './byte-budget.ts';
import { type FetchLimits, fetchBlob } from './fetch-blob.ts';
import type { LayerToImport } from './import-layers.ts';
import type { Descriptor, Repository } from './model.ts';
import { createStagedBlob } from './staged-blob.ts';
import type { TransferLog } from './transfer-log.ts';
import type { YoungMemory } from './young-memory.ts';

type RemoteLayer = {
	readonly descriptor: Descriptor;
	readonly diffId: Digest;
	/** Position in the manifest. */
	readonly index: number;
	readonly sources: readonly Repository[];
};

type RemoteLayerTools = {
	readonly store: Store;
	readonly log: TransferLog;
	readonly limits: FetchLimits;
	readonly memory: YoungMemory;
	readonly smallBlobs: ByteBudget;
};

/** Larger blobs go through a file, and are unpacked while they come. */
const smallBytes = 1 << 20;

/** Each attempt begins with the next of the sources, in a place of its own. */
export function remoteLayer(layer: RemoteLayer, tools: RemoteLayerTools): LayerToImport {
	const { descriptor, sources, index } = layer;
	const { store, log, limits, memory, smallBlobs } = tools;
	const { digest, sizeBytes } = descriptor;
	return {
		diffId: layer.diffId,
		digest,
		blob: { digest, sizeBytes },
		attempts: sources.length,
		async open(attempt, { signal }) {
			const fetchTo = (to: BlobTarget) =>
				fetchBlob(
					{
						descriptor,
						sources: sources.slice(attempt),
						limits,
						to,
						onBytes: (transferredBytes, { host }) => log.layer(index, { transferredBytes, source: host }),
						onNote: (text) => log.note(text),
					},
					{ signal },
				);
			const room = sizeBytes > smallBytes ? undefined : smallBlobs.take(sizeBytes);
			if (room !== undefined) {
				const bytes = new Uint8Array(sizeBytes);
				const arrived = fetchTo(bytes).then(() => memory.received(sizeBytes));
				const content = arrived.then(() => ({ bytes }));
				// Who waits for the one need not wait for the other.
				content.catch(() => undefined);
				return {
					content,
					arrived,
					async [Symbol.asyncDispose]() {
						room[Symbol.dispose]();
					},
				};
			}
			const blob = await createStagedBlob(store, 'layer');
			const fetching = async () => {
				try {
					await fetchTo((bytes) => {
						memory.received(bytes.length);
						return blob.write(bytes);
					});
					await blob.finish();
				} catch (error) {
					blob.fail();
					throw error;
				}
			};
			return {
				content: blob.file,
				arrived: fetching(),
				[Symbol.asyncDispose]: () => blob[Symbol.asyncDispose](),
			};
		},
	};
}
