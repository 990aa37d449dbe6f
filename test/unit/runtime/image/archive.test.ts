import { readdirSync } from 'node:fs';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { InvalidArgumentError, ResourceExhaustedError } from '../../../../src/cri/errors.ts';
import type { SavePart, TransferEvent } from '../../../../src/cri/image-transfer.ts';
import { createImageTransfers } from '../../../../src/runtime/image/transfers.ts';
import { type TarEntry, writeTar } from '../../../helpers/tar-writer.ts';
import { tempDir } from '../../../helpers/temp-dir.ts';
import { buildVariedImage, mixedBytes, type VariedImage } from '../../../helpers/varied-images.ts';
import { fakeRegistries, fakeStore, fakeUnpacker, sha256 } from './fake-parts.ts';

// One layer that stays in memory, and one that goes through a file.
const tars = [mixedBytes(3000, 1), mixedBytes(5_000_000, 2)];
const image = buildVariedImage({ layers: tars });
const [config, ...layers] = image.blobs;
const hex = (digest: string) => digest.slice('sha256:'.length);
const json = (value: unknown) => Buffer.from(JSON.stringify(value));
const file = (path: string, content: Uint8Array): TarEntry => ({ path, content });

function setUp(options: { readonly archiveLimits?: { maxBytes: number; maxEntries: number } } = {}) {
	const store = fakeStore(tempDir());
	const transfers = createImageTransfers({
		store,
		registries: fakeRegistries(),
		unpacker: fakeUnpacker(),
		...options,
	});
	const load = async (archive: Buffer, name?: string) => {
		const events: TransferEvent[] = [];
		for await (const event of transfers.load({ name }, inPieces(archive))) events.push(event);
		return events.filter((event) => event.kind === 'completed');
	};
	return { store, transfers, load };
}

async function* inPieces(bytes: Buffer): AsyncGenerator<Uint8Array> {
	for (let at = 0; at < bytes.length; at += 50_001) yield bytes.subarray(at, at + 50_001);
}

function dockerArchive(
	options: {
		readonly tags?: readonly string[] | null;
		readonly layerEntries?: readonly TarEntry[];
		readonly names?: readonly string[];
	} = {},
): Buffer {
	const names = options.names ?? ['a/layer.tar', 'b/layer.tar'];
	return writeTar([
		...(options.layerEntries ?? names.map((name, index) => file(name, tars[index] ?? Buffer.alloc(0)))),
		file('c.json', config?.bytes ?? Buffer.alloc(0)),
		file('manifest.json', json([{ Config: 'c.json', RepoTags: options.tags ?? null, Layers: names }])),
	]);
}

function ociArchive(
	of: VariedImage,
	annotations: readonly (Record<string, string> | undefined)[],
	more: readonly TarEntry[] = [],
): Buffer {
	const descriptor = { mediaType: of.mediaType, digest: of.manifestDigest, size: of.manifest.length };
	const manifests = annotations.map((own) => ({ ...descriptor, ...(own ? { annotations: own } : {}) }));
	return writeTar([
		...more,
		file('oci-layout', json({ imageLayoutVersion: '1.0.0' })),
		file('index.json', json({ schemaVersion: 2, manifests })),
		file(`blobs/sha256/${hex(of.manifestDigest)}`, of.manifest),
		...of.blobs.map(({ digest, bytes }) => file(`blobs/sha256/${hex(digest)}`, bytes)),
	]);
}

describe('docker-archive', () => {
	test('becomes an image with the manifest that Podman makes', async () => {
		const { store, load } = setUp();
		const [done] = await load(dockerArchive({ tags: ['app:1', 'quay.io/x/app:2'] }));
		const names = ['docker.io/library/app:1', 'quay.io/x/app:2'];
		expect(done).toMatchObject({ imageId: image.imageId, names, upToDate: false });
		const stored = store.images.get(image.imageId);
		const manifest = JSON.parse(store.bigData.get(`${image.imageId}/manifest`)?.toString() ?? '');
		expect(stored).toMatchObject({ names, digest: done?.kind === 'completed' && done.manifestDigest });
		expect(manifest.layers).toEqual(
			tars.map((tar) => ({
				mediaType: 'application/vnd.docker.image.rootfs.diff.tar.gzip',
				size: tar.length,
				digest: sha256(tar),
			})),
		);
		expect(readdirSync(store.stagingDir)).toEqual([]);
	});

	test.each([
		['gzip', gzipSync],
		['zstd', zstdCompressSync],
	])('may be compressed with %s', async (_, compress) => {
		const { load } = setUp();
		expect(await load(compress(dockerArchive()), 'named:1')).toMatchObject([
			{ names: ['docker.io/library/named:1'] },
		]);
	});

	test('compressed layers count as what they unpack to, and links lead to layers', async () => {
		const { store, load } = setUp();
		const plain = await load(dockerArchive());
		const other = setUp();
		const packed = await other.load(
			dockerArchive({
				layerEntries: [
					file('real.tar', gzipSync(tars[0] ?? Buffer.alloc(0))),
					{ path: 'a/layer.tar', kind: 'symlink', target: '../real.tar' },
					file('./b/layer.tar', tars[1] ?? Buffer.alloc(0)),
				],
			}),
		);
		expect(packed).toMatchObject([
			{ manifestDigest: plain[0]?.kind === 'completed' && plain[0].manifestDigest },
		]);
		expect([...other.store.layers.values()]).toEqual([...store.layers.values()]);
	});

	test.each<[string, Buffer, RegExp]>([
		[
			'a path that leads out',
			dockerArchive({ layerEntries: [file('../../etc/passwd', Buffer.from('x'))] }),
			/"\.\.\/\.\.\/etc\/passwd" leads out of it/,
		],
		[
			'an absolute path',
			dockerArchive({ layerEntries: [file('/etc/passwd', Buffer.from('x'))] }),
			/"\/etc\/passwd" leads out/,
		],
		[
			'a link that leads out',
			dockerArchive({ layerEntries: [{ path: 'a/layer.tar', kind: 'symlink', target: '../../x' }] }),
			/"a\/layer.tar" leads out/,
		],
		[
			'links in a circle',
			dockerArchive({ layerEntries: [{ path: 'a/layer.tar', kind: 'symlink', target: 'layer.tar' }] }),
			/has no "a\/layer.tar"/,
		],
		['a missing layer', dockerArchive({ layerEntries: [] }), /has no "a\/layer.tar"/],
		[
			'another layer',
			dockerArchive({
				layerEntries: [
					file('a/layer.tar', mixedBytes(10, 7)),
					file('b/layer.tar', tars[1] ?? Buffer.alloc(0)),
				],
			}),
			/unpacks to/,
		],
		[
			'two entries of one name',
			dockerArchive({
				layerEntries: [file('a/layer.tar', Buffer.from('1')), file('a/layer.tar', Buffer.from('2'))],
			}),
			/two different entries "a\/layer.tar"/,
		],
		['an end too early', dockerArchive().subarray(0, 2_000_000), /cut off/],
		['no tar', Buffer.from('x'.repeat(5000)), /no tar that can be read/],
		['damaged gzip', gzipSync(dockerArchive()).subarray(0, 100_000), /gzip is damaged|cut off/],
		['xz', Buffer.from('fd377a585a0000000000', 'hex'), /compressed with xz/],
		['nothing', Buffer.alloc(0), /empty/],
		['another tar', writeTar([file('x', Buffer.from('y'))]), /neither a docker-archive/],
		['an old one', writeTar([file('repositories', Buffer.from('{}'))]), /older than 1\.10/],
		['a wrong tag', dockerArchive({ tags: ['x/UPPER:1'] }), /UPPER/],
	])('%s is refused, and nothing stays', async (_, archive, message) => {
		const { store, load } = setUp();
		const error = await load(archive).catch((thrown: unknown) => thrown);
		expect(error).toBeInstanceOf(InvalidArgumentError);
		expect(String(error)).toMatch(message);
		expect(String(error)).toContain('cannot load images: ');
		expect(readdirSync(store.stagingDir)).toEqual([]);
		expect(store.layers.size + store.images.size).toBe(0);
	});

	test('limits hold', async () => {
		const { load } = setUp({ archiveLimits: { maxBytes: 4_000_000, maxEntries: 100 } });
		await expect(load(dockerArchive())).rejects.toBeInstanceOf(ResourceExhaustedError);
		const few = setUp({ archiveLimits: { maxBytes: 1e9, maxEntries: 2 } });
		await expect(few.load(dockerArchive())).rejects.toThrow('more than 2 entries');
	});

	test('an error of the source is the error of the call', async () => {
		const { store, transfers } = setUp();
		const archive = (async function* () {
			yield dockerArchive().subarray(0, 1_000_000);
			throw new Error('the client went away');
		})();
		await expect(Array.fromAsync(transfers.load({}, archive))).rejects.toThrow('the client went away');
		expect(readdirSync(store.stagingDir)).toEqual([]);
	});
});

describe('oci-archive', () => {
	const refName = 'org.opencontainers.image.ref.name';

	test('keeps manifest and digests, and gathers the names', async () => {
		const { store, load } = setUp();
		const done = await load(
			ociArchive(image, [
				{ [refName]: 'quay.io/x/app:1' },
				{ [refName]: 'app:2' },
				{ 'io.containerd.image.name': 'docker.io/library/app:3', [refName]: '3' },
			]),
		);
		expect(done).toMatchObject([
			{
				manifestDigest: image.manifestDigest,
				names: ['quay.io/x/app:1', 'localhost/app:2', 'docker.io/library/app:3'],
			},
		]);
		expect(store.bigData.get(`${image.imageId}/manifest`)).toEqual(image.manifest);
		const digests = [...store.layers.values()].map(({ compressedDigest }) => compressedDigest);
		expect(digests).toEqual(layers.map(({ digest }) => digest));
	});

	test('an index within is resolved to this platform, and kept', async () => {
		const { store, load } = setUp();
		const foreign = buildVariedImage({ layers: [mixedBytes(10, 3)], variant: { architecture: 's390x' } });
		const entry = (of: VariedImage, architecture: string) => ({
			mediaType: of.mediaType,
			digest: of.manifestDigest,
			size: of.manifest.length,
			platform: { os: 'linux', architecture },
		});
		const here = process.arch === 'arm64' ? 'arm64' : 'amd64';
		const index = json({
			schemaVersion: 2,
			mediaType: 'application/vnd.oci.image.index.v1+json',
			manifests: [entry(foreign, 's390x'), entry(image, here)],
		});
		const outer = {
			...image,
			manifest: index,
			manifestDigest: sha256(index),
			mediaType: 'application/vnd.oci.image.index.v1+json',
		};
		const more = [file(`blobs/sha256/${hex(image.manifestDigest)}`, image.manifest)];
		expect(await load(ociArchive(outer, [undefined], more))).toMatchObject([
			{ imageId: image.imageId, names: [] },
		]);
		expect(store.images.get(image.imageId)?.bigData.has(`manifest-${sha256(index)}`)).toBe(true);
	});

	test('a blob that is not what its name says is refused by name', async () => {
		const { load } = setUp();
		const name = `blobs/sha256/${'0'.repeat(64)}`;
		await expect(load(ociArchive(image, [undefined], [file(name, Buffer.from('x'))]))).rejects.toThrow(
			`the archive's entry "${name}" has the digest ${sha256('x')}`,
		);
	});

	test('a missing blob is named', async () => {
		const { load } = setUp();
		const lacking = { ...image, blobs: image.blobs.slice(0, 2) };
		await expect(load(ociArchive(lacking, [undefined]))).rejects.toThrow(
			`has no "blobs/sha256/${hex(image.blobs[2]?.digest ?? '')}"`,
		);
	});
});

describe('save', () => {
	async function saved(
		parts: AsyncIterable<SavePart>,
	): Promise<{ archive: Buffer; events: TransferEvent[] }> {
		const chunks: Uint8Array[] = [];
		const events: TransferEvent[] = [];
		for await (const part of parts) {
			if (part.kind === 'chunk') chunks.push(part.bytes);
			else events.push(part.event);
		}
		return { archive: Buffer.concat(chunks), events };
	}

	async function withImage() {
		const parts = setUp();
		await parts.load(dockerArchive({ tags: ['app:1'] }));
		for (const [place, tar] of tars.entries()) {
			parts.store.tars.set(parts.store.layerIdOf(image.diffIds.slice(0, place + 1)), tar);
		}
		return parts;
	}

	test.each(['docker-archive', 'oci-archive'] as const)(
		'a %s comes back as the same image',
		async (format) => {
			const { store, transfers } = await withImage();
			const { archive, events } = await saved(
				transfers.save({ images: ['docker.io/library/app:1', image.imageId], format }),
			);
			expect(events.at(0)).toMatchObject({ kind: 'resolved', imageId: image.imageId });
			expect(events.at(-1)).toMatchObject({ kind: 'completed', names: ['docker.io/library/app:1'] });
			expect(events.filter((event) => event.kind === 'layer' && event.layer.state === 'done')).toHaveLength(
				2,
			);
			const other = setUp();
			expect(await other.load(archive)).toMatchObject([
				{ imageId: image.imageId, names: ['docker.io/library/app:1'] },
			]);
			expect([...other.store.layers.keys()]).toEqual([...store.layers.keys()]);
			expect(readdirSync(store.stagingDir)).toEqual([]);
		},
	);

	test('a layer that reads as something else stops it, by name', async () => {
		const { store, transfers } = await withImage();
		const [id = ''] = [...store.layers.keys()];
		store.tars.set(id, mixedBytes(3000, 99));
		await expect(
			saved(transfers.save({ images: [image.imageId], format: 'docker-archive' })),
		).rejects.toThrow(`layer ${id} in the store is damaged`);
	});

	test('who stops reading leaves no file behind', async () => {
		const { store, transfers } = await withImage();
		const parts = transfers.save({ images: [image.imageId], format: 'oci-archive' })[Symbol.asyncIterator]();
		for (let part = await parts.next(); !part.done; part = await parts.next()) {
			if (part.value.kind === 'chunk') break;
		}
		await parts.return?.();
		expect(readdirSync(store.stagingDir)).toEqual([]);
	});

	test('what is not there is named', async () => {
		const { transfers } = setUp();
		await expect(saved(transfers.save({ images: ['nope:1'], format: 'docker-archive' }))).rejects.toThrow(
			'cannot save images: image "nope:1" is not found in the store',
		);
	});
});
