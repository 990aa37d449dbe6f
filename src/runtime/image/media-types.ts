/**
 * Media types of manifests, configs and layers, and how those of Docker and of OCI answer to each other.
 * Source: OCI image-spec v1.1 media-types.md; Docker image manifest v2 schema 2.
 */
import type { Compression } from '../storage/model.ts';

/** The two families of formats. */
export type ManifestFormat = 'docker' | 'oci';

/** What one family calls its parts. */
export const mediaTypes = {
	docker: {
		manifest: 'application/vnd.docker.distribution.manifest.v2+json',
		index: 'application/vnd.docker.distribution.manifest.list.v2+json',
		config: 'application/vnd.docker.container.image.v1+json',
	},
	oci: {
		manifest: 'application/vnd.oci.image.manifest.v1+json',
		index: 'application/vnd.oci.image.index.v1+json',
		config: 'application/vnd.oci.image.config.v1+json',
	},
} as const;

/** Docker's schema 1: recognised in order to be refused by name. */
export const dockerSchema1Types: readonly string[] = [
	'application/vnd.docker.distribution.manifest.v1+json',
	'application/vnd.docker.distribution.manifest.v1+prettyjws',
];

/** True for a layer that registries do not hold: it is fetched from URLs, and never uploaded. */
export function isForeignLayer(mediaType: string): boolean {
	return mediaType.includes('.nondistributable.') || mediaType.includes('.foreign.');
}

/**
 * The media type of a layer.
 * @returns undefined where the family has none: Docker's knows no zstd, and neither knows bzip2 and xz.
 */
export function layerMediaType(
	format: ManifestFormat,
	compression: Compression,
	foreign = false,
): string | undefined {
	if (format === 'docker') {
		const base = `application/vnd.docker.image.rootfs.${foreign ? 'foreign.' : ''}diff.tar`;
		if (compression === 'none') return base;
		return compression === 'gzip' ? `${base}.gzip` : undefined;
	}
	const base = `application/vnd.oci.image.layer.${foreign ? 'nondistributable.' : ''}v1.tar`;
	if (compression === 'none') return base;
	return compression === 'gzip' || compression === 'zstd' ? `${base}+${compression}` : undefined;
}

/** The compression that a layer's media type promises; blobs are unpacked by their first bytes all the same. */
export function compressionOfMediaType(mediaType: string): Compression {
	const suffix = /[.+](gzip|zstd)$/.exec(mediaType)?.[1];
	return suffix === 'gzip' || suffix === 'zstd' ? suffix : 'none';
}

/** Which family a manifest's media type is of. */
export function formatOfMediaType(mediaType: string): ManifestFormat {
	return mediaType.startsWith('application/vnd.docker.') ? 'docker' : 'oci';
}
