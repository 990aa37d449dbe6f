/**
 * Images as registries and archives know them. Source: OCI image-spec v1.1 (manifest, index, config, descriptor),
 * Docker image manifest v2 schema 2.
 */
import type { Readable } from 'node:stream';
import type { Digest } from '../storage/model.ts';

export type Descriptor = {
	readonly mediaType: string;
	readonly digest: Digest;
	readonly sizeBytes: number;
	readonly annotations: Readonly<Record<string, string>>;
	/** Places to fetch a foreign layer from. */
	readonly urls: readonly string[];
};

export type Platform = {
	readonly os: string;
	readonly architecture: string;
	readonly variant: string | undefined;
};

/** A manifest of one image. */
export type ImageManifest = {
	readonly kind: 'manifest';
	readonly mediaType: string;
	readonly config: Descriptor;
	/** From the base up. */
	readonly layers: readonly Descriptor[];
	readonly artifactType: string | undefined;
};

/** A list of manifests, one for each platform. */
export type ImageIndex = {
	readonly kind: 'index';
	readonly mediaType: string;
	readonly manifests: readonly (Descriptor & { readonly platform: Platform | undefined })[];
};

/** What the runtime reads of an image's config; `raw` is the whole of it. */
export type ImageConfig = {
	readonly os: string;
	readonly architecture: string;
	readonly variant: string | undefined;
	readonly createdAtNanos: bigint | undefined;
	readonly user: string;
	readonly diffIds: readonly Digest[];
	readonly history: readonly {
		readonly createdAtNanos: bigint | undefined;
		readonly createdBy: string;
		readonly comment: string;
		readonly emptyLayer: boolean;
	}[];
	readonly raw: Readonly<Record<string, unknown>>;
};

/** A manifest as it came over the wire. */
export type FetchedManifest = {
	readonly bytes: Buffer;
	/** Of `bytes`, computed here. */
	readonly digest: Digest;
	readonly mediaType: string;
};

/** A blob on its way. */
export type BlobStream = {
	readonly body: Readable;
	/** Where the body begins: 0 where the server did not honour the offset that was asked for. */
	readonly offset: number;
	/** Size of the whole blob, where the server said it. */
	readonly totalBytes: number | undefined;
};

/** A registry said no, or nothing. */
export class RegistryError extends Error {
	override readonly name = 'RegistryError';
	/** What it means to the caller. `unreachable` covers DNS, refused connections, TLS and silence. */
	readonly kind:
		| 'unauthorized'
		| 'notFound'
		| 'rateLimited'
		| 'unreachable'
		| 'serverError'
		| 'certificate'
		| 'invalid'
		| 'refused';
	readonly status: number | undefined;
	/** From Retry-After, in milliseconds. */
	readonly retryAfterMs: number | undefined;

	constructor(
		kind: RegistryError['kind'],
		message: string,
		options?: ErrorOptions & { status?: number | undefined; retryAfterMs?: number | undefined },
	) {
		super(message, options);
		this.kind = kind;
		this.status = options?.status;
		this.retryAfterMs = options?.retryAfterMs;
	}
}

type CallOptions = { readonly signal?: AbortSignal | undefined };

/**
 * One repository of one registry (or mirror), with the credentials that fit it. Retries of 429, 5xx and lost connections
 * are made inside, except for the body of a blob, whose reader resumes by asking again with an offset.
 * Every method throws RegistryError, or the AbortError of the signal.
 */
export type Repository = {
	/** `mirror.example:5000/library/busybox`, for messages. */
	readonly name: string;
	/** `mirror.example:5000`, for progress. */
	readonly host: string;
	readonly isMirror: boolean;
	/** @param reference tag or digest; a digest is verified. */
	manifest(reference: string, options?: CallOptions): Promise<FetchedManifest>;
	/** @param offset bytes already here */
	blob(descriptor: Descriptor, offset: number, options?: CallOptions): Promise<BlobStream>;
	hasBlob(digest: Digest, options?: CallOptions): Promise<boolean>;
	/** @param fromRepository of the same registry. @returns false where the registry wants the bytes. */
	mountBlob(digest: Digest, fromRepository: string, options?: CallOptions): Promise<boolean>;
	/**
	 * Uploads a blob whose digest may only be known at its end: `open` is called again when the upload must start anew, and
	 * resolves to the bytes and, once they are all read, their digest and size.
	 */
	uploadBlob(
		open: () => Promise<{
			readonly body: Readable;
			readonly digest: () => Digest;
			readonly sizeBytes: number | undefined;
		}>,
		options?: CallOptions & { readonly onProgress?: ((sentBytes: number) => void) | undefined },
	): Promise<Digest>;
	putManifest(reference: string, manifest: FetchedManifest, options?: CallOptions): Promise<void>;
};
