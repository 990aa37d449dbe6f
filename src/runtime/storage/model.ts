/**
 * What a containers/storage store holds, and what one can do with it: the contract between the store and those who move
 * images in and out of it. Source: go.podman.io/storage, as read and written by Podman 4.3 to 5.8 and CRI-O 1.36.
 */
import type { Readable } from 'node:stream';
import type { ContainerLayers } from './container-layers.ts';

/** Last argument of everything that may wait. */
export type WaitOptions = { readonly signal?: AbortSignal | undefined };

/** `sha256:<64 hex digits>` */
export type Digest = string;

/** How a layer's blob was compressed; the number is what layers.json says. */
export type Compression = 'none' | 'bzip2' | 'gzip' | 'xz' | 'zstd';

/** A record of layers.json (or volatile-layers.json) that is whole. */
export type StoredLayer = {
	readonly id: string;
	readonly parent: string | undefined;
	/** Of the uncompressed tar; undefined for the writable layer of a container. */
	readonly diffDigest: Digest | undefined;
	readonly diffSizeBytes: number | undefined;
	readonly compressedDigest: Digest | undefined;
	readonly compressedSizeBytes: number | undefined;
	readonly compression: Compression;
	readonly createdAtNanos: bigint;
	/** In a read-only additional store. */
	readonly readOnly: boolean;
};

/** A record of images.json. */
export type StoredImage = {
	/** Hex of the config's digest. */
	readonly id: string;
	/** Digest of the manifest by which it was last pulled or made. */
	readonly digest: Digest | undefined;
	/** References in full, with tag or digest. */
	readonly names: readonly string[];
	/** Id of the top layer; undefined for an image without layers. */
	readonly layer: string | undefined;
	/** Key to size and digest. */
	readonly bigData: ReadonlyMap<string, { readonly sizeBytes: number; readonly digest: Digest }>;
	readonly createdAtNanos: bigint;
	readonly readOnly: boolean;
};

/** A container of any program that uses this store. */
export type StoredContainer = {
	readonly id: string;
	readonly names: readonly string[];
	readonly imageId: string;
	readonly layerId: string;
};

/** What unpacking found out about a layer; everything that its record needs besides the blob's own digest. */
export type UnpackedLayer = {
	readonly diffDigest: Digest;
	/** Bytes of the uncompressed tar. */
	readonly diffSizeBytes: number;
	readonly compression: Compression;
	/** Owners that occur, sorted. */
	readonly uids: readonly number[];
	readonly gids: readonly number[];
	/** The tar set owner and mode of the root itself; otherwise it takes those of its parent's. */
	readonly rootEntrySeen: boolean;
	readonly entries: number;
};

/**
 * A layer on its way in: a folder of its own on the store's filesystem. The unpacker fills `diffDir` and writes
 * `tarSplitPath`. Disposing of it removes whatever was not committed.
 */
export type StagedLayer = AsyncDisposable & {
	readonly dir: string;
	readonly diffDir: string;
	/** `<dir>/tar-split.gz` */
	readonly tarSplitPath: string;
};

/** A staged layer that is ready to become one of the store's. */
export type LayerToCommit = {
	readonly id: string;
	readonly parent: string | undefined;
	readonly staged: StagedLayer;
	readonly unpacked: UnpackedLayer;
	/** The blob it came from; undefined where it came uncompressed. */
	readonly compressedDigest: Digest | undefined;
	readonly compressedSizeBytes: number | undefined;
};

/** An image whose layers are in the store. */
export type ImageToCommit = {
	/** Raw bytes, exactly as the registry or archive had them. */
	readonly manifest: Uint8Array;
	readonly manifestDigest: Digest;
	/** The index that the manifest was chosen from. */
	readonly index?: { readonly bytes: Uint8Array; readonly digest: Digest } | undefined;
	readonly config: Uint8Array;
	/** Digest of the config; its hex becomes the image's id. */
	readonly configDigest: Digest;
	readonly topLayer: string | undefined;
	/** Names to add; they are taken from whatever other image has them. */
	readonly names: readonly string[];
	/** When the image was made, by its config. */
	readonly createdAtNanos: bigint | undefined;
};

/** Something in the store that is not as it must be, named. */
export type Damage = {
	readonly kind: 'layer' | 'image' | 'record';
	readonly id: string;
	/** One sentence part: `its file "link" is empty`. */
	readonly cause: string;
};

/** What RemoveImage did. */
export type Removal = {
	/** Names that were taken away. */
	readonly untagged: readonly string[];
	/** Ids of images that are gone. */
	readonly removedImages: readonly string[];
	readonly removedLayers: readonly string[];
};

/**
 * An open store. Other programs may change it at any time: every method takes the locks that Podman takes, and reads the
 * records again when their change token differs. All methods may be called at the same time.
 * @throws NotFoundError, FailedPreconditionError (an image in use, a damaged layer), ResourceExhaustedError (disk full)
 */
export type Store = AsyncDisposable & {
	readonly graphRoot: string;
	readonly runRoot: string;
	readonly driver: 'overlay' | 'vfs';
	/** Writable layers of containers; they live as long as the store is open. */
	readonly containerLayers: ContainerLayers;
	/** True for vfs: a layer is a copy of its parent, so the parent must be committed before stageLayer. */
	readonly parentsFirst: boolean;

	listImages(options?: WaitOptions): Promise<readonly StoredImage[]>;
	listLayers(options?: WaitOptions): Promise<readonly StoredLayer[]>;
	listContainers(options?: WaitOptions): Promise<readonly StoredContainer[]>;
	/**
	 * Finds an image as ImageStatus must: by id or a unique prefix of one, by name (short, with tag, with digest), or by
	 * `sha256:<id>`. Names are tried before prefixes.
	 * @throws InvalidArgumentError where a prefix fits several.
	 */
	findImage(reference: string, options?: WaitOptions): Promise<StoredImage | undefined>;
	/** @returns the raw bytes; verified against the recorded digest. @throws NotFoundError, FailedPreconditionError */
	readBigData(image: StoredImage, key: string, options?: WaitOptions): Promise<Buffer>;

	/** The id of the layer that a chain of diffIds ends in, base first. Pure. */
	layerIdOf(diffIds: readonly Digest[]): string;
	/** Those of `ids` that are in the store and whole. A damaged one is reported through `onDamage` and counts as absent. */
	presentLayers(
		ids: readonly string[],
		options?: WaitOptions & { readonly onDamage?: ((damage: Damage) => void) | undefined },
	): Promise<ReadonlyMap<string, StoredLayer>>;
	/** Makes room for a layer. vfs copies the parent into it. */
	stageLayer(request: { readonly parent: string | undefined }, options?: WaitOptions): Promise<StagedLayer>;
	/** A file of the given name in a private folder of the store's filesystem, for blobs on their way; gone after a crash. */
	stagingPath(name: string): string;
	/**
	 * Puts layers into the store, parents before children, in one transaction of the locks. One that is there already
	 * (another program was faster) is dropped silently; a damaged one of the same id is replaced.
	 */
	commitLayers(layers: readonly LayerToCommit[], options?: WaitOptions): Promise<void>;
	/** Writes the image's record and big data, or adds names to the one that is there. */
	commitImage(image: ImageToCommit, options?: WaitOptions): Promise<StoredImage>;
	/** Gives an image more names. @throws NotFoundError */
	addNames(imageId: string, names: readonly string[], options?: WaitOptions): Promise<void>;
	removeNames(imageId: string, names: readonly string[], options?: WaitOptions): Promise<void>;
	/**
	 * Removes an image, all its names, and the layers that nothing else uses.
	 * @throws FailedPreconditionError naming the container that uses it. Removing what is gone is no error.
	 */
	removeImage(imageId: string, options?: WaitOptions): Promise<Removal>;
	/** The layer's tar, byte by byte as it was (tar-split). An error of the stream names what is damaged. */
	openLayerTar(layerId: string, options?: WaitOptions): Promise<Readable>;

	/** Space used by images, for ImageFsInfo. */
	usage(options?: WaitOptions): Promise<{
		readonly mountpoint: string;
		readonly usedBytes: number;
		readonly inodesUsed: number;
	}>;
	/** Looks the whole store over (records, links, big data); reads no file contents. */
	check(options?: WaitOptions): Promise<readonly Damage[]>;
};
