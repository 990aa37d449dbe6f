import { gunzipSync } from 'node:zlib';
import { describe, expect, test, vi } from 'vitest';
import { FailedPreconditionError, NotFoundError } from '../../../../src/cri/errors.ts';
import type { PushTransferRequest, TransferEvent } from '../../../../src/cri/image-transfer.ts';
import { foundName } from '../../../../src/runtime/image/found-name.ts';
import { createImageTransfers } from '../../../../src/runtime/image/transfers.ts';
import type { StoredImage } from '../../../../src/runtime/storage/model.ts';
import { tempDir } from '../../../helpers/temp-dir.ts';
import { buildVariedImage, type ImageVariant, mixedBytes } from '../../../helpers/varied-images.ts';
import { fakeRegistries, fakeRepository, fakeStore, fakeUnpacker, put } from './fake-parts.ts';

const tars = [mixedBytes(30_000, 1), mixedBytes(20_000, 2)];
const reference = 'registry.example/shop/app:1';

/** A store with the image, pulled as `shop/app:1` and as `shop/other:1`, and an empty repository to push to. */
async function setUp(
	options: {
		readonly variant?: ImageVariant;
		readonly mountable?: readonly string[];
		readonly tars?: readonly Buffer[];
	} = {},
) {
	const layers = options.tars ?? tars;
	const image = buildVariedImage({ layers, variant: options.variant ?? {} });
	const source = fakeRepository('registry.example');
	put(source, '1', image);
	const store = fakeStore(tempDir());
	const unpacker = fakeUnpacker();
	const puller = createImageTransfers({ store, registries: fakeRegistries(source), unpacker });
	for (const name of [reference, 'registry.example/shop/other:1']) {
		for await (const _ of puller.pull({ image: name }));
	}
	for (const [place, tar] of layers.entries()) {
		store.tars.set(store.layerIdOf(image.diffIds.slice(0, place + 1)), tar);
	}
	const target = fakeRepository('registry.example', { mountable: options.mountable ?? [] });
	const transfers = createImageTransfers({ store, registries: fakeRegistries(target), unpacker });
	const push = async (request: Partial<PushTransferRequest>) => {
		const events: TransferEvent[] = [];
		for await (const event of transfers.push({ image: reference, ...request })) events.push(event);
		return events;
	};
	const written = () => JSON.parse(target.manifests.get('1')?.bytes.toString() ?? '{}');
	return { image, store, target, push, written };
}

describe('push', () => {
	test('what is there is left there, and the manifest stays as it is', async () => {
		const { image, target, push } = await setUp();
		for (const { digest, bytes } of image.blobs) target.blobs.set(digest, bytes);
		const events = await push({});
		expect(target.asked).toEqual(['put 1']);
		expect(target.manifests.get('1')?.bytes).toEqual(image.manifest);
		expect(events.at(-1)).toMatchObject({ manifestDigest: image.manifestDigest, upToDate: true });
	});

	test('a layer is mounted from a repository whose image has it', async () => {
		const { image } = await setUp();
		const digests = image.blobs.map(({ digest }) => digest);
		const { target, push } = await setUp({ mountable: digests });
		const events = await push({ destination: 'registry.example/shop/new:1' });
		expect(target.asked.filter((line) => line.startsWith('mount')).sort()).toEqual(
			digests
				.slice(1)
				.map((digest) => `mount ${digest} shop/app`)
				.sort(),
		);
		expect(events.filter((event) => event.kind === 'layer').map(({ layer }) => layer.state)).toEqual([
			'mounted',
			'mounted',
		]);
		expect(target.manifests.get('1')?.bytes).toEqual(image.manifest);
	});

	test.each(['oci', 'docker'] as const)(
		'what must be sent is compressed anew, and the %s manifest says so',
		async (mediaTypes) => {
			const { image, target, push, written } = await setUp({ variant: { mediaTypes } });
			await push({});
			const { config, layers, mediaType } = written();
			expect(mediaType).toBe(image.mediaType);
			expect(config.digest).toBe(`sha256:${image.imageId}`);
			expect(layers).toHaveLength(2);
			for (const [place, layer] of layers.entries()) {
				const blob = target.blobs.get(layer.digest);
				expect(blob).toHaveLength(layer.size);
				expect(gunzipSync(blob ?? Buffer.alloc(0))).toEqual(tars[place]);
				expect(layer.mediaType).toMatch(/[.+]gzip$/);
			}
		},
	);

	test('a layer that occurs twice is sent once', async () => {
		const twice = [mixedBytes(3000, 1), mixedBytes(3000, 1)];
		const { target, push, written } = await setUp({ tars: twice });
		await push({});
		expect(target.asked.filter((line) => line.startsWith('upload'))).toHaveLength(2);
		expect(written().layers[0]).toEqual(written().layers[1]);
	});

	test('formats are made of each other, and zstd makes OCI', async () => {
		const { push, written } = await setUp({ variant: { mediaTypes: 'docker' } });
		await push({ format: 'oci' });
		expect(written()).toMatchObject({
			mediaType: 'application/vnd.oci.image.manifest.v1+json',
			config: { mediaType: 'application/vnd.oci.image.config.v1+json' },
			layers: [{ mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip' }, {}],
		});
		const zstd = await setUp({ variant: { mediaTypes: 'docker' } });
		await zstd.push({ compression: 'zstd' });
		expect(zstd.written().layers[0].mediaType).toBe('application/vnd.oci.image.layer.v1.tar+zstd');
		const back = await setUp({ variant: { mediaTypes: 'oci' } });
		await back.push({ format: 'docker' });
		expect(back.written()).toMatchObject({
			mediaType: 'application/vnd.docker.distribution.manifest.v2+json',
			layers: [{ mediaType: 'application/vnd.docker.image.rootfs.diff.tar.gzip' }, {}],
		});
	});

	test('a docker manifest does not name a zstd layer, whoever has it', async () => {
		const { image, target, push, written } = await setUp({ variant: { compression: 'zstd' } });
		for (const { digest, bytes } of image.blobs) target.blobs.set(digest, bytes);
		await push({ format: 'docker' });
		expect(
			written().layers.every(({ mediaType }: { mediaType: string }) => mediaType.endsWith('.gzip')),
		).toBe(true);
	});

	test('a layer that is damaged in the store is not pushed', async () => {
		const { store, push, target } = await setUp();
		const [id = ''] = [...store.layers.keys()];
		store.tars.set(id, mixedBytes(30_000, 77));
		const error = await push({}).catch((thrown: unknown) => thrown);
		expect(error).toBeInstanceOf(FailedPreconditionError);
		expect(String(error)).toContain(`cannot push image "${reference}": layer ${id} in the store is damaged`);
		expect(target.manifests.size).toBe(0);
	});

	test('a short name goes to the registry of the name that it stands for, and to no other', async () => {
		const { store, image, push } = await setUp();
		const [stored] = [...store.images.values()];
		expect(stored?.id).toBe(image.imageId);
		vi.spyOn(store, 'findImage').mockImplementation(async () => stored);
		for (const short of ['app:1', 'shop/app:1']) {
			expect((await push({ image: short })).at(-1)).toMatchObject({ names: [reference] });
		}
		await expect(push({ image: 'app' })).rejects.toThrow('which registry is meant; name a destination');
		await expect(push({ image: 'pp:1' })).rejects.toThrow('name a destination');
	});

	test('of several names it is the one that an alias, Docker, this machine or a search registry stands for', async () => {
		const { store } = await setUp();
		const [stored] = [...store.images.values()];
		const named = (names: readonly string[]) => ({ ...(stored as StoredImage), names });
		const alias = { aliasOf: async (name: string) => (name === 'a' ? 'x.example/y:latest' : undefined) };
		const all = [
			'q.example/a:latest',
			'localhost/a:latest',
			'docker.io/library/a:latest',
			'x.example/y:latest',
		];
		const found: (string | undefined)[] = [];
		for (let count = all.length; count > 0; count -= 1) {
			found.push(await foundName('a', named(all.slice(0, count)), alias));
		}
		expect(found).toEqual(all.toReversed());
		expect(await foundName('q.example/a', named(all), alias)).toBe('q.example/a:latest');
		const others = ['q.example/b', 'a:2', `a@sha256:${'0'.repeat(64)}`, named(all).id.slice(0, 12)];
		for (const other of others) expect(await foundName(other, named(all), alias)).toBeUndefined();
	});

	test('what is asked wrongly is said', async () => {
		const { image, push } = await setUp();
		await expect(push({ image: 'registry.example/none:1' })).rejects.toBeInstanceOf(NotFoundError);
		await expect(push({ image: image.imageId })).rejects.toThrow('name a destination');
		const digest = `sha256:${'0'.repeat(64)}`;
		await expect(push({ destination: `registry.example/shop/app@${digest}` })).rejects.toThrow(
			`cannot be pushed under ${digest}`,
		);
	});
});
