/** Small stand-ins for the collaborators of transfers: a store in memory, an unpacker that only hashes, a registry of bytes. */
import { createHash } from 'node:crypto';
import { closeSync, mkdirSync, openSync, rmSync } from 'node:fs';
import path from 'node:path';
import { Readable } from 'node:stream';
import { gunzipSync, zstdDecompressSync } from 'node:zlib';
import { InvalidArgumentError } from '../../../../src/cri/errors.ts';
import { parseImageReference } from '../../../../src/cri/image-reference.ts';
import { type BlobStream, RegistryError, type Repository } from '../../../../src/runtime/image/model.ts';
import type { Registries } from '../../../../src/runtime/image/registry.ts';
import { bytesReader, growingFileReader } from '../../../../src/runtime/storage/growing-file.ts';
import type {
	ImageToCommit,
	LayerToCommit,
	Store,
	StoredImage,
	StoredLayer,
} from '../../../../src/runtime/storage/model.ts';
import type { LayerUnpacker } from '../../../../src/runtime/storage/unpacker.ts';
import type { VariedImage } from '../../../helpers/varied-images.ts';

export const sha256 = (bytes: Uint8Array | string): string =>
	`sha256:${createHash('sha256').update(bytes).digest('hex')}`;

/** A store that keeps records in memory; staged folders and blobs lie in `dir`. */
export type FakeStore = Store & {
	readonly layers: Map<string, StoredLayer>;
	readonly images: Map<string, StoredImage>;
	readonly bigData: Map<string, Buffer>;
	/** The uncompressed tars by layer id, for openLayerTar. */
	readonly tars: Map<string, Buffer>;
	/** Layers that presentLayers calls damaged. */
	readonly damaged: Set<string>;
	/** Ids of every commitLayers call. */
	readonly commits: string[][];
	readonly stagingDir: string;
	/** Called before a commit takes effect. */
	beforeCommit: () => Promise<void>;
};

export function fakeStore(dir: string, options: { readonly parentsFirst?: boolean } = {}): FakeStore {
	const stagingDir = path.join(dir, 'staging');
	mkdirSync(stagingDir, { recursive: true });
	const layers = new Map<string, StoredLayer>();
	const images = new Map<string, StoredImage>();
	const bigData = new Map<string, Buffer>();
	const tars = new Map<string, Buffer>();
	const damaged = new Set<string>();
	const commits: string[][] = [];
	let staged = 0;
	const hex = (digest: string) => digest.slice('sha256:'.length);
	const unused = async (): Promise<never> => {
		throw new Error('the fake store does not do this');
	};
	const store: FakeStore = {
		layers,
		images,
		bigData,
		tars,
		damaged,
		commits,
		stagingDir,
		beforeCommit: async () => undefined,
		graphRoot: dir,
		runRoot: dir,
		driver: options.parentsFirst === true ? 'vfs' : 'overlay',
		parentsFirst: options.parentsFirst ?? false,
		containerLayers: {
			create: unused,
			mount: unused,
			unmount: unused,
			remove: unused,
			mountImage: unused,
			unmountImage: unused,
			listOwn: unused,
			listImageMounts: unused,
			usage: unused,
		},
		listImages: async () => [...images.values()],
		listLayers: async () => [...layers.values()],
		listContainers: async () => [],
		async findImage(reference) {
			const byName = [...images.values()].find(({ names }) => names.includes(reference));
			return byName ?? images.get(reference.replace(/^sha256:/, ''));
		},
		async readBigData(image, key) {
			const bytes = bigData.get(`${image.id}/${key}`);
			if (bytes === undefined) throw new Error(`no ${key}`);
			return bytes;
		},
		layerIdOf(diffIds) {
			return diffIds.reduce(
				(parent, diffId) => (parent === '' ? hex(diffId) : hex(sha256(`${parent}+${hex(diffId)}`))),
				'',
			);
		},
		async presentLayers(ids, { onDamage } = {}) {
			const present = new Map<string, StoredLayer>();
			for (const id of ids) {
				const layer = layers.get(id);
				if (layer === undefined) continue;
				if (damaged.has(id)) onDamage?.({ kind: 'layer', id, cause: 'its file "link" is empty' });
				else present.set(id, layer);
			}
			return present;
		},
		async stageLayer({ parent }) {
			if (store.parentsFirst && parent !== undefined && !layers.has(parent)) {
				throw new Error(`parent ${parent} is not committed`);
			}
			staged += 1;
			const layerDir = path.join(stagingDir, `staged-${staged}`);
			mkdirSync(layerDir);
			return {
				dir: layerDir,
				diffDir: path.join(layerDir, 'diff'),
				tarSplitPath: path.join(layerDir, 'tar-split.gz'),
				[Symbol.asyncDispose]: async () => rmSync(layerDir, { recursive: true, force: true }),
			};
		},
		stagingPath: (name) => path.join(stagingDir, name),
		async commitLayers(batch: readonly LayerToCommit[], { signal } = {}) {
			signal?.throwIfAborted();
			await store.beforeCommit();
			commits.push(batch.map(({ id }) => id));
			for (const layer of batch) {
				if (layer.parent !== undefined && !layers.has(layer.parent)) throw new Error('no parent');
				damaged.delete(layer.id);
				layers.set(layer.id, {
					id: layer.id,
					parent: layer.parent,
					diffDigest: layer.unpacked.diffDigest,
					diffSizeBytes: layer.unpacked.diffSizeBytes,
					compressedDigest: layer.compressedDigest,
					compressedSizeBytes: layer.compressedSizeBytes,
					compression: layer.unpacked.compression,
					createdAtNanos: 0n,
					readOnly: false,
				});
				rmSync(layer.staged.dir, { recursive: true, force: true });
			}
		},
		async commitImage(image: ImageToCommit) {
			const id = hex(image.configDigest);
			const before = images.get(id);
			const parts: [string, Uint8Array, string][] = [
				['manifest', image.manifest, image.manifestDigest],
				[`manifest-${image.manifestDigest}`, image.manifest, image.manifestDigest],
				[image.configDigest, image.config, image.configDigest],
			];
			if (image.index) {
				parts.push([`manifest-${image.index.digest}`, image.index.bytes, image.index.digest]);
			}
			for (const [key, bytes] of parts) bigData.set(`${id}/${key}`, Buffer.from(bytes));
			for (const other of images.values()) {
				const names = other.names.filter((name) => !image.names.includes(name));
				images.set(other.id, { ...other, names });
			}
			const stored: StoredImage = {
				id,
				digest: image.manifestDigest,
				names: [...new Set([...(before?.names ?? []), ...image.names])],
				layer: image.topLayer,
				bigData: new Map([
					...(before?.bigData ?? []),
					...parts.map(([key, bytes, digest]) => [key, { sizeBytes: bytes.length, digest }] as const),
				]),
				createdAtNanos: image.createdAtNanos ?? 0n,
				readOnly: false,
			};
			images.set(id, stored);
			return stored;
		},
		addNames: unused,
		removeNames: unused,
		removeImage: unused,
		async openLayerTar(id) {
			const tar = tars.get(id);
			if (tar === undefined) throw new Error(`no tar of ${id}`);
			return Readable.from([tar], { objectMode: false });
		},
		usage: unused,
		check: async () => [],
		[Symbol.asyncDispose]: async () => undefined,
	};
	return store;
}

/** Reads blobs to their end, decompresses and hashes them; writes nothing. */
export function fakeUnpacker(): LayerUnpacker {
	return {
		prepare: () => undefined,
		async unpack({ blob, diffId, name }, { signal, onProgress } = {}) {
			const descriptor = 'path' in blob ? openSync(blob.path, 'r') : undefined;
			try {
				const reader =
					'path' in blob
						? growingFileReader(blob, descriptor ?? -1)
						: bytesReader(Buffer.from(blob.bytes.buffer));
				const pieces: Buffer[] = [];
				const buffer = Buffer.alloc(65_536);
				while (true) {
					const count = await reader.read(buffer, { signal });
					if (count === 0) break;
					pieces.push(Buffer.from(buffer.subarray(0, count)));
				}
				const bytes = Buffer.concat(pieces);
				const gzip = bytes[0] === 0x1f && bytes[1] === 0x8b;
				const zstd = bytes.readUInt32LE(0) === 0xfd2fb528;
				let tar = bytes;
				try {
					if (gzip) tar = gunzipSync(bytes);
					if (zstd) tar = zstdDecompressSync(bytes);
				} catch (cause) {
					throw new InvalidArgumentError(`layer ${name} cannot be decompressed`, { cause });
				}
				onProgress?.(tar.length);
				const diffDigest = sha256(tar);
				if (diffId !== undefined && diffId !== diffDigest) {
					throw new InvalidArgumentError(`layer ${name} unpacks to ${diffDigest} instead of ${diffId}`);
				}
				const compression = gzip ? 'gzip' : zstd ? 'zstd' : 'none';
				return {
					diffDigest,
					diffSizeBytes: tar.length,
					compression,
					uids: [0],
					gids: [0],
					rootEntrySeen: false,
					entries: 1,
				};
			} finally {
				if (descriptor !== undefined) closeSync(descriptor);
			}
		},
		[Symbol.asyncDispose]: async () => undefined,
	};
}

/** What a fake repository holds, and what it was asked. */
export type FakeRepository = Repository & {
	readonly blobs: Map<string, Buffer>;
	readonly manifests: Map<string, { bytes: Buffer; mediaType: string }>;
	/** `blob sha256:… 0`, `manifest latest`, `mount …`, `upload …`, `put …` in order. */
	readonly asked: string[];
	/** Takes the place of an answer to `blob`; undefined: the usual one. */
	onBlob: (digest: string, offset: number) => BlobStream | undefined;
	onManifest: (reference: string) => void;
};

export function fakeRepository(
	host: string,
	options: { readonly isMirror?: boolean; readonly mountable?: readonly string[] } = {},
): FakeRepository {
	const blobs = new Map<string, Buffer>();
	const manifests = new Map<string, { bytes: Buffer; mediaType: string }>();
	const asked: string[] = [];
	const repository: FakeRepository = {
		blobs,
		manifests,
		asked,
		onBlob: () => undefined,
		onManifest: () => undefined,
		name: `${host}/shop/app`,
		host,
		isMirror: options.isMirror ?? false,
		async manifest(reference) {
			asked.push(`manifest ${reference}`);
			repository.onManifest(reference);
			const found = manifests.get(reference);
			if (found === undefined) throw new RegistryError('notFound', `${host}: manifest unknown`);
			return { ...found, digest: sha256(found.bytes) };
		},
		async blob({ digest }, offset) {
			asked.push(`blob ${digest} ${offset}`);
			const other = repository.onBlob(digest, offset);
			if (other !== undefined) return other;
			const bytes = blobs.get(digest);
			if (bytes === undefined) throw new RegistryError('notFound', `${host}: blob unknown`);
			return { body: bodyOf(bytes.subarray(offset)), offset, totalBytes: bytes.length };
		},
		async hasBlob(digest) {
			return blobs.has(digest);
		},
		async mountBlob(digest, from) {
			asked.push(`mount ${digest} ${from}`);
			return (options.mountable ?? []).includes(digest);
		},
		async uploadBlob(open, { onProgress } = {}) {
			const { body, digest } = await open();
			const chunks: Buffer[] = [];
			for await (const chunk of body) chunks.push(chunk as Buffer);
			const bytes = Buffer.concat(chunks);
			onProgress?.(bytes.length);
			asked.push(`upload ${digest()}`);
			blobs.set(digest(), bytes);
			return digest();
		},
		async putManifest(reference, { bytes, mediaType }) {
			asked.push(`put ${reference}`);
			manifests.set(reference, { bytes, mediaType });
		},
	};
	return repository;
}

/** A body in pieces of 1000 bytes. */
export function bodyOf(bytes: Buffer): Readable {
	const pieces: Buffer[] = [];
	for (let at = 0; at < bytes.length; at += 1000) pieces.push(bytes.subarray(at, at + 1000));
	return Readable.from(pieces, { objectMode: false });
}

/** A body that gives some bytes and breaks. */
export function brokenBody(bytes: Buffer): Readable {
	return Readable.from(
		(function* () {
			if (bytes.length > 0) yield bytes;
			throw new Error('socket hang up');
		})(),
		{ objectMode: false },
	);
}

/** Puts an image into a repository under a tag. */
export function put(repository: FakeRepository, tag: string, image: VariedImage): void {
	for (const { digest, bytes } of image.blobs) repository.blobs.set(digest, bytes);
	const manifest = { bytes: image.manifest, mediaType: image.mediaType };
	repository.manifests.set(tag, manifest);
	repository.manifests.set(image.manifestDigest, manifest);
}

/** Every name leads to these sources. */
export function fakeRegistries(...sources: readonly FakeRepository[]): Registries {
	return {
		pullCandidates: async (image) => [{ reference: parseImageReference(image), sources }],
		async pushTarget(destination) {
			const [repository] = sources;
			if (repository === undefined) throw new Error('no repository');
			return { reference: parseImageReference(destination), repository };
		},
		admitArchive: async () => undefined,
		aliasOf: async () => undefined,
		[Symbol.dispose]: () => undefined,
	};
}
