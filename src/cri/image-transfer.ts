/**
 * What the CRI cannot say about images, as a port: transfers with progress, push, archives, tags, layers. Our own runtime
 * serves it beside the CRI; on any other runtime the first call throws UnimplementedError, and callers do without it.
 * Source: proto/criscope/v1/images.proto, whose comments say what each field means.
 */
import type { AuthConfig } from './model.ts';
import type { CallOptions } from './ports.ts';

/** How far one layer is. */
export type LayerState = 'waiting' | 'present' | 'transferring' | 'verified' | 'done' | 'mounted';

/** One layer of a transfer. Byte counts are whole numbers below 2^53. */
export type LayerProgress = {
	/** Position in the manifest, 0 is the base. */
	readonly index: number;
	/** `sha256:…` of the blob as it is transferred. */
	readonly digest: string;
	readonly state: LayerState;
	readonly transferredBytes: number;
	/** 0 while unknown. */
	readonly totalBytes: number;
	readonly unpackedBytes: number;
	/** Host of the registry or mirror; empty where there is none. */
	readonly source: string;
};

/** What happens during a transfer, in order: resolved, then layers and notes, then completed (for each image). */
export type TransferEvent =
	| {
			readonly kind: 'resolved';
			readonly reference: string;
			readonly manifestDigest: string;
			readonly source: string;
			readonly platform: string;
			readonly imageId: string;
			readonly layers: readonly LayerProgress[];
	  }
	| { readonly kind: 'layer'; readonly layer: LayerProgress }
	| { readonly kind: 'note'; readonly text: string }
	| {
			readonly kind: 'completed';
			readonly imageId: string;
			readonly manifestDigest: string;
			readonly names: readonly string[];
			readonly upToDate: boolean;
	  };

/** Formats of an archive that SaveImages writes. */
export type ArchiveFormat = 'docker-archive' | 'oci-archive';

/** A piece of an archive, or what happened meanwhile. */
export type SavePart =
	| { readonly kind: 'chunk'; readonly bytes: Uint8Array }
	| { readonly kind: 'event'; readonly event: TransferEvent };

export type PullTransferRequest = {
	readonly image: string;
	readonly auth?: AuthConfig | undefined;
	/** `os/architecture[/variant]`; this machine's where it is absent. */
	readonly platform?: string | undefined;
};

export type PushTransferRequest = {
	readonly image: string;
	readonly destination?: string | undefined;
	readonly auth?: AuthConfig | undefined;
	readonly format?: 'oci' | 'docker' | undefined;
	readonly compression?: 'gzip' | 'zstd' | undefined;
};

/** One layer of an image in the store. */
export type ImageLayer = {
	readonly diffId: string;
	readonly layerId: string;
	readonly compressedDigest: string | undefined;
	readonly compressedBytes: number | undefined;
	readonly uncompressedBytes: number;
	/** Ids of the other images that have it. */
	readonly sharedWith: readonly string[];
};

/** A line of the image's history, with those that made no layer. */
export type HistoryEntry = {
	readonly createdAtNanos: bigint | undefined;
	readonly createdBy: string;
	readonly comment: string;
	readonly emptyLayer: boolean;
};

/** What an image is made of. */
export type ImageDescription = {
	readonly imageId: string;
	readonly manifestDigest: string;
	readonly mediaType: string;
	/** `linux/amd64` */
	readonly platform: string;
	readonly createdAtNanos: bigint | undefined;
	readonly names: readonly string[];
	/** From the base up. */
	readonly layers: readonly ImageLayer[];
	/** Oldest first. */
	readonly history: readonly HistoryEntry[];
	/** Bytes of the layers that no other image has. */
	readonly uniqueBytes: number;
	readonly containerIds: readonly string[];
	/** What is wrong with it in the store; empty when it is whole. */
	readonly damages: readonly string[];
};

/**
 * The second service. Every method throws the classes of errors.ts; an iteration that is left early, or whose signal is
 * aborted, cancels the call.
 */
export type ImageTransferService = {
	pullImage(request: PullTransferRequest, options?: CallOptions): AsyncIterable<TransferEvent>;
	pushImage(request: PushTransferRequest, options?: CallOptions): AsyncIterable<TransferEvent>;
	/** @param archive is read only as fast as it is taken; an error of it ends the call. */
	loadImages(
		request: { readonly name?: string | undefined },
		archive: AsyncIterable<Uint8Array>,
		options?: CallOptions,
	): AsyncIterable<TransferEvent>;
	saveImages(
		request: { readonly images: readonly string[]; readonly format: ArchiveFormat },
		options?: CallOptions,
	): AsyncIterable<SavePart>;
	tagImage(request: { readonly image: string; readonly tag: string }, options?: CallOptions): Promise<void>;
	untagImage(
		request: { readonly image: string; readonly tags: readonly string[] },
		options?: CallOptions,
	): Promise<void>;
	describeImage(image: string, options?: CallOptions): Promise<ImageDescription>;
};
