/** One image of an archive, ready to be brought into the store. */
import type { Digest } from '../../storage/model.ts';
import type { FetchedManifest, ImageConfig } from '../model.ts';
import type { ArchiveFile } from './archive-files.ts';

export type ArchiveImage = {
	/** In full; empty for an image without a name. */
	readonly names: readonly string[];
	readonly configBytes: Buffer;
	readonly configDigest: Digest;
	readonly config: ImageConfig;
	/** The index that led to it. */
	readonly index: { readonly bytes: Buffer; readonly digest: Digest } | undefined;
	/** From the base up. */
	readonly layers: readonly {
		readonly diffId: Digest;
		readonly digest: Digest;
		/** Undefined: the uncompressed tar counts as the blob. */
		readonly blob: { readonly digest: Digest; readonly sizeBytes: number } | undefined;
		readonly file: ArchiveFile;
	}[];
	/** @param sizes of the uncompressed layers, by diffId; known once they are unpacked */
	manifest(sizes: ReadonlyMap<Digest, number>): FetchedManifest;
};
