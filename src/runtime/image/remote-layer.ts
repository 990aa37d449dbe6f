/** A layer in a registry: its blob flows into a file that grows while it is unpacked. */
import type { Digest, Store } from '../storage/model.ts';
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
};

/** Each attempt begins with the next of the sources, in a file of its own. */
export function remoteLayer(layer: RemoteLayer, tools: RemoteLayerTools): LayerToImport {
	const { descriptor, sources, index } = layer;
	const { store, log, limits, memory } = tools;
	const { digest, sizeBytes } = descriptor;
	return {
		diffId: layer.diffId,
		digest,
		blob: { digest, sizeBytes },
		attempts: sources.length,
		async open(attempt, { signal }) {
			const blob = await createStagedBlob(store, 'layer');
			const fetching = async () => {
				try {
					await fetchBlob(
						{
							descriptor,
							sources: sources.slice(attempt),
							limits,
							write: (bytes) => {
								memory.received(bytes.length);
								return blob.write(bytes);
							},
							onBytes: (transferredBytes, { host }) => log.layer(index, { transferredBytes, source: host }),
							onNote: (text) => log.note(text),
						},
						{ signal },
					);
					await blob.finish();
				} catch (error) {
					blob.fail();
					throw error;
				}
			};
			return {
				file: blob.file,
				arrived: fetching(),
				[Symbol.asyncDispose]: () => blob[Symbol.asyncDispose](),
			};
		},
	};
}
