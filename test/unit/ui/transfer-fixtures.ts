/** What the second service tells, for tests. */
import type { ImageDescription, LayerProgress, TransferEvent } from '../../../src/cri/image-transfer.ts';

/** A digest made of one byte. */
export function digest(byte: number): string {
	return `sha256:${(byte & 255).toString(16).padStart(2, '0').repeat(32)}`;
}

/** A layer that waits. */
export function layer(index: number, more: Partial<LayerProgress> = {}): LayerProgress {
	return {
		index,
		digest: digest(index + 1),
		state: 'waiting',
		transferredBytes: 0,
		totalBytes: 1_000,
		unpackedBytes: 0,
		source: '',
		...more,
	};
}

/** An image found at a mirror. */
export function resolved(layers: readonly LayerProgress[]): Extract<TransferEvent, { kind: 'resolved' }> {
	return {
		kind: 'resolved',
		reference: 'docker.io/library/nginx:1.27',
		manifestDigest: digest(200),
		source: 'mirror.local:5000/library/nginx',
		platform: 'linux/amd64',
		imageId: 'abc',
		layers,
	};
}

/** The end of a pull. */
export function completed(imageId: string, upToDate = false): Extract<TransferEvent, { kind: 'completed' }> {
	return { kind: 'completed', imageId, manifestDigest: digest(200), names: ['nginx:1.27'], upToDate };
}

/** An image of three layers, the lowest shared with another one, with one step that made none. */
export function description(imageId: string, more: Partial<ImageDescription> = {}): ImageDescription {
	const sizes = [78_000_000, 12_000_000, 512];
	return {
		imageId,
		manifestDigest: digest(200),
		mediaType: 'application/vnd.oci.image.manifest.v1+json',
		platform: 'linux/amd64',
		createdAtNanos: 1_750_000_000_000_000_000n,
		names: ['docker.io/library/nginx:1.27'],
		layers: sizes.map((uncompressedBytes, index) => ({
			diffId: digest(index + 1),
			layerId: digest(index + 101).slice(7),
			compressedDigest: digest(index + 51),
			compressedBytes: Math.round(uncompressedBytes / 3),
			uncompressedBytes,
			sharedWith: index === 0 ? ['other', 'unlisted-0123456789', 'third', 'fourth'] : [],
		})),
		history: [
			['/bin/sh -c #(nop) ADD file:8eef in / ', false],
			['ENV API_PASSWORD=hunter2hunter2', true],
			['RUN apt-get update\n  && apt-get install -y nginx', false],
			['COPY \u001b[2J entrypoint.sh /', false],
		].map(([createdBy, emptyLayer]) => ({
			createdAtNanos: 1_750_000_000_000_000_000n,
			createdBy: `${createdBy}`,
			comment: '',
			emptyLayer: emptyLayer === true,
		})),
		uniqueBytes: 12_000_512,
		containerIds: [],
		damages: [],
		...more,
	};
}
