/** The manifest of an image for where it goes: in its own format or another one, with the layers as they were sent. */
import { InvalidArgumentError } from '../../cri/errors.ts';
import type { Compression, Digest } from '../storage/model.ts';
import { sha256Digest } from './digest.ts';
import { parseJsonObject } from './json-fields.ts';
import {
	compressionOfMediaType,
	formatOfMediaType,
	isForeignLayer,
	layerMediaType,
	type ManifestFormat,
	mediaTypes,
} from './media-types.ts';
import type { Descriptor, FetchedManifest, ImageManifest } from './model.ts';

/** A layer as it lies at its destination. */
export type SentLayer = {
	readonly digest: Digest;
	readonly sizeBytes: number;
	/** Undefined: as the descriptor of the original manifest says. */
	readonly compression: Compression | undefined;
};

/** The format a manifest will have. zstd exists in OCI manifests only. */
export function targetFormat(
	manifest: ImageManifest,
	wanted: { readonly format?: ManifestFormat | undefined; readonly compression?: string | undefined },
): ManifestFormat {
	if (wanted.compression === 'zstd') {
		if (wanted.format === 'docker') {
			throw new InvalidArgumentError(
				'a manifest of the docker format cannot have layers compressed with zstd',
			);
		}
		return 'oci';
	}
	return wanted.format ?? formatOfMediaType(manifest.mediaType);
}

/**
 * Writes the manifest. Where format and layers are the original's, so are its bytes; otherwise fields of the original that
 * are not layers (annotations) stay as they are, as far as the format knows them.
 */
export function rewriteManifest(
	original: { readonly bytes: Buffer; readonly manifest: ImageManifest },
	layers: readonly SentLayer[],
	format: ManifestFormat,
): FetchedManifest {
	const { manifest, bytes } = original;
	const sameFormat = formatOfMediaType(manifest.mediaType) === format;
	const same = layers.every(({ digest, compression }, index) => {
		const before = manifest.layers[index];
		return before?.digest === digest && compression === undefined;
	});
	if (sameFormat && same) {
		return { bytes, digest: sha256Digest(bytes), mediaType: manifest.mediaType };
	}
	const { config } = manifest;
	const { annotations } = parseJsonObject(bytes);
	const written = Buffer.from(
		JSON.stringify({
			schemaVersion: 2,
			mediaType: mediaTypes[format].manifest,
			config: { mediaType: mediaTypes[format].config, size: config.sizeBytes, digest: config.digest },
			layers: layers.map((layer, index) => layerField(layer, manifest.layers[index], format)),
			// Docker's manifest has no annotations.
			...(format === 'oci' && annotations !== undefined ? { annotations } : {}),
		}),
	);
	return { bytes: written, digest: sha256Digest(written), mediaType: mediaTypes[format].manifest };
}

function layerField(layer: SentLayer, before: Descriptor | undefined, format: ManifestFormat) {
	const foreign = isForeignLayer(before?.mediaType ?? '');
	const compression = layer.compression ?? compressionOfMediaType(before?.mediaType ?? '');
	const isAsBefore = layer.compression === undefined && formatOfMediaType(before?.mediaType ?? '') === format;
	const mediaType = isAsBefore ? before?.mediaType : layerMediaType(format, compression, foreign);
	if (mediaType === undefined) {
		throw new InvalidArgumentError(
			`a manifest of the ${format} format cannot name a layer in ${compression}`,
		);
	}
	const annotations = before?.annotations ?? {};
	return {
		mediaType,
		size: layer.sizeBytes,
		digest: layer.digest,
		...(foreign && before ? { urls: before.urls } : {}),
		...(format === 'oci' && layer.compression === undefined && Object.keys(annotations).length > 0
			? { annotations }
			: {}),
	};
}
