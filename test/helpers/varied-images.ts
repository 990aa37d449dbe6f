import { createCipheriv, createHash } from 'node:crypto';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import type { Blob, ImageArchive } from './image-archive.ts';
import type { RegistryAccess } from './registry.ts';
import { type TarEntry, writeTar } from './tar-writer.ts';

/** How layers are compressed, and whose words the manifest speaks. */
export type ImageVariant = {
	readonly compression?: 'none' | 'gzip' | 'zstd';
	readonly mediaTypes?: 'oci' | 'docker';
	readonly architecture?: string;
	readonly architectureVariant?: string;
};

/** An image with what tests compare it by. */
export type VariedImage = ImageArchive & {
	/** `sha256:…`, also of what is pushed: registries keep the bytes. */
	readonly manifestDigest: string;
	/** Hex of the config's digest, as Podman and the CRI name it. */
	readonly imageId: string;
	readonly diffIds: readonly string[];
};

const types = {
	oci: {
		manifest: 'application/vnd.oci.image.manifest.v1+json',
		index: 'application/vnd.oci.image.index.v1+json',
		config: 'application/vnd.oci.image.config.v1+json',
		layer: 'application/vnd.oci.image.layer.v1.tar',
		suffixes: { none: '', gzip: '+gzip', zstd: '+zstd' },
	},
	docker: {
		manifest: 'application/vnd.docker.distribution.manifest.v2+json',
		index: 'application/vnd.docker.distribution.manifest.list.v2+json',
		config: 'application/vnd.docker.container.image.v1+json',
		layer: 'application/vnd.docker.image.rootfs.diff.tar',
		suffixes: { none: '', gzip: '.gzip', zstd: '.zstd' },
	},
} as const;

/** Builds an image of whole tar archives, base first. Equal input gives equal digests. */
export function buildVariedImage(options: {
	readonly layers: readonly Buffer[];
	readonly variant?: ImageVariant;
	readonly command?: readonly string[];
	readonly env?: readonly string[];
}): VariedImage {
	const { compression = 'gzip', mediaTypes = 'oci', architectureVariant } = options.variant ?? {};
	const words = types[mediaTypes];
	const diffIds = options.layers.map((tar) => digestOf(tar));
	const blobs = options.layers.map((tar) => toBlob(compress(tar, compression)));
	const config = toBlob(
		jsonBytes({
			created: '2026-01-02T03:04:05Z',
			architecture: options.variant?.architecture ?? (process.arch === 'arm64' ? 'arm64' : 'amd64'),
			...(architectureVariant === undefined ? {} : { variant: architectureVariant }),
			os: 'linux',
			config: {
				Cmd: options.command ?? ['sh'],
				Env: ['PATH=/usr/sbin:/usr/bin:/sbin:/bin', ...(options.env ?? [])],
			},
			rootfs: { type: 'layers', diff_ids: diffIds },
			history: diffIds.map((_, index) => ({
				created: '2026-01-02T03:04:05Z',
				created_by: `step ${index}`,
			})),
		}),
	);
	const manifest = jsonBytes({
		schemaVersion: 2,
		mediaType: words.manifest,
		config: { mediaType: words.config, digest: config.digest, size: config.bytes.length },
		layers: blobs.map(({ digest, bytes }) => ({
			mediaType: `${words.layer}${words.suffixes[compression]}`,
			digest,
			size: bytes.length,
		})),
	});
	return {
		manifest,
		mediaType: words.manifest,
		blobs: [config, ...blobs],
		manifestDigest: digestOf(manifest),
		imageId: config.digest.slice('sha256:'.length),
		diffIds,
	};
}

/**
 * Pushes one image for several platforms, and an index over them under the tag. An attestation (platform `unknown`) lies
 * among them, as buildkit leaves it.
 *
 * @returns the digest of the index
 */
export async function pushIndex(
	registry: RegistryAccess,
	name: string,
	tag: string,
	images: readonly (VariedImage & {
		readonly platform: { readonly architecture: string; readonly variant?: string };
	})[],
	mediaTypes: 'oci' | 'docker' = 'oci',
): Promise<string> {
	for (const image of images) await registry.push(name, image.manifestDigest, image);
	const attestation = buildVariedImage({ layers: [], variant: { mediaTypes, architecture: 'unknown' } });
	await registry.push(name, attestation.manifestDigest, attestation);
	const entry = (image: VariedImage, platform: object) => ({
		mediaType: image.mediaType,
		digest: image.manifestDigest,
		size: image.manifest.length,
		platform,
	});
	const manifest = jsonBytes({
		schemaVersion: 2,
		mediaType: types[mediaTypes].index,
		manifests: [
			entry(attestation, { architecture: 'unknown', os: 'unknown' }),
			...images.map((image) => entry(image, { os: 'linux', ...image.platform })),
		],
	});
	await registry.push(name, tag, { manifest, mediaType: types[mediaTypes].index, blobs: [] });
	return digestOf(manifest);
}

/**
 * Bytes of which half can be compressed: random ones and text take turns. Equal seeds give equal bytes.
 *
 * @param seed any whole number below 2^32
 */
export function mixedBytes(sizeBytes: number, seed: number): Buffer {
	const bytes = Buffer.allocUnsafe(sizeBytes);
	const pieceBytes = 4096;
	for (let at = 0, piece = 0; at < sizeBytes; at += pieceBytes, piece += 1) {
		const end = Math.min(at + pieceBytes, sizeBytes);
		if (piece % 2 === 0) randomBytes(end - at, seed + piece * 65_537).copy(bytes, at);
		else bytes.fill(`line ${seed} of ${piece}: GET /api/v1/items/${seed * piece} 200\n`, at, end);
	}
	return bytes;
}

/** Bytes that nothing compresses, the same for the same seed: the key stream of AES. */
export function randomBytes(sizeBytes: number, seed: number): Buffer {
	const key = Buffer.alloc(16);
	key.writeUInt32LE(seed >>> 0);
	return createCipheriv('aes-128-ctr', key, Buffer.alloc(16)).update(Buffer.alloc(sizeBytes));
}

/**
 * Entries of a layer with as many files as asked, sizes as in a distribution's image: most of a few KiB, some large.
 *
 * @param options.totalBytes the sizes add up to about this
 */
export function manyFiles(options: {
	readonly folder: string;
	readonly files: number;
	readonly totalBytes: number;
	readonly seed: number;
}): readonly TarEntry[] {
	const weights = Array.from({ length: options.files }, (_, index) => weightOf(index));
	const sum = weights.reduce((total, weight) => total + weight, 0);
	const folders = Math.ceil(options.files / 50);
	return [
		{ path: options.folder },
		...Array.from({ length: folders }, (_, index) => ({ path: `${options.folder}/part-${index}` })),
		...weights.map((weight, index) => ({
			path: `${options.folder}/part-${Math.floor(index / 50)}/file-${index}.bin`,
			mode: index % 9 === 0 ? 0o755 : 0o644,
			content: mixedBytes(Math.round((weight / sum) * options.totalBytes), options.seed + index),
		})),
	];
}

/** Of hundred files ninety are small, nine ten times and one two hundred times as large. */
function weightOf(index: number): number {
	const place = index % 100;
	const wobble = 1 + ((index * 7919) % 13) / 6;
	return wobble * (place === 0 ? 200 : place % 11 === 0 ? 10 : 1);
}

/** A layer as a blob's bytes. gzip at a quick level: what unpacks it does not care. */
function compress(tar: Buffer, compression: 'none' | 'gzip' | 'zstd'): Buffer {
	if (compression === 'gzip') return gzipSync(tar, { level: 2 });
	return compression === 'zstd' ? zstdCompressSync(tar) : tar;
}

/** `sha256:…` */
export function digestOf(bytes: Uint8Array): string {
	return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

function toBlob(bytes: Buffer): Blob {
	return { digest: digestOf(bytes), bytes };
}

function jsonBytes(value: unknown): Buffer {
	return Buffer.from(JSON.stringify(value));
}

/** A layer of entries, as `buildVariedImage` takes it. */
export function layerOf(entries: readonly TarEntry[]): Buffer {
	return writeTar(entries);
}
