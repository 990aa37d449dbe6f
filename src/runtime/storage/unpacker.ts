/** Unpacking of layers off the main thread: the contract between the pull and the worker pool. */
import type { Digest, StagedLayer, UnpackedLayer, WaitOptions } from './model.ts';

/** What one layer may cost at most; beyond it the layer is refused by name. */
export type LayerLimits = {
	/** Bytes of the uncompressed tar. */
	readonly maxUnpackedBytes: number;
	readonly maxEntries: number;
};

export const defaultLayerLimits: LayerLimits = { maxUnpackedBytes: 64 * 2 ** 30, maxEntries: 4_000_000 };

/**
 * A file that one thread appends to while another reads it. `shared` carries the number of bytes that are there and
 * whether more will come; growing-file.ts gives it meaning.
 */
export type GrowingFile = { readonly path: string; readonly shared: SharedArrayBuffer };

/** A small blob, whole and in memory of its own, which goes to the thread that unpacks it. */
export type BlobInMemory = { readonly bytes: Uint8Array<ArrayBuffer> };

export type UnpackRequest = {
	/** The blob, compressed or not (found out by its first bytes); one in a file may still be on its way. */
	readonly blob: GrowingFile | BlobInMemory;
	readonly staged: StagedLayer;
	readonly driver: 'overlay' | 'vfs';
	/** What the uncompressed bytes must hash to; undefined where that is to be found out. */
	readonly diffId: Digest | undefined;
	/** The blob's digest, for messages. */
	readonly name: string;
	/** How large the blob will be, where that is known: little work starts no second thread. */
	readonly sizeBytes?: number | undefined;
	readonly limits: LayerLimits;
	/** Device nodes are made, as real layers have them; false refuses the layer. */
	readonly devicesAllowed?: boolean | undefined;
};

/**
 * Unpacks layers, a few at a time; the rest waits its turn. Disposing of it ends the workers.
 * @throws InvalidArgumentError naming the layer, the entry and what is wrong with it; ResourceExhaustedError for a full
 * disk or a limit; the AbortError of the signal. Whatever it throws, the staged folder is left for its owner to dispose of.
 */
export type LayerUnpacker = AsyncDisposable & {
	/** Layers come soon: a thread starts now, while they are asked for. Ends by itself where none come. */
	prepare(): void;
	unpack(
		request: UnpackRequest,
		options?: WaitOptions & { readonly onProgress?: ((unpackedBytes: number) => void) | undefined },
	): Promise<UnpackedLayer>;
};
