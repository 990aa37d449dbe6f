import { describe, expect, test } from 'vitest';
import { NotFoundError } from '../../../../src/cri/errors.ts';
import { describeImage } from '../../../../src/runtime/image/describe.ts';
import { repoDigestsOf, summarizeImage } from '../../../../src/runtime/image/summary.ts';
import { createImageTransfers } from '../../../../src/runtime/image/transfers.ts';
import type { StoredImage } from '../../../../src/runtime/storage/model.ts';
import { tempDir } from '../../../helpers/temp-dir.ts';
import { buildVariedImage, mixedBytes } from '../../../helpers/varied-images.ts';
import { fakeRegistries, fakeRepository, fakeStore, fakeUnpacker, put } from './fake-parts.ts';

const digest = (digit: string) => `sha256:${digit.repeat(64)}`;
const base = mixedBytes(5000, 1);
const first = buildVariedImage({ layers: [base, mixedBytes(600, 2)] });
const second = buildVariedImage({ layers: [base, mixedBytes(70, 3)] });

async function storeWithBoth() {
	const source = fakeRepository('registry.example');
	put(source, '1', first);
	put(source, '2', second);
	const store = fakeStore(tempDir());
	const transfers = createImageTransfers({
		store,
		registries: fakeRegistries(source),
		unpacker: fakeUnpacker(),
	});
	for (const tag of ['1', '2'])
		for await (const _ of transfers.pull({ image: `registry.example/a/b:${tag}` }));
	return store;
}

describe('describeImage', () => {
	test('tells layers, history, sharing and sizes', async () => {
		const store = await storeWithBoth();
		const described = await describeImage('registry.example/a/b:1', store);
		expect(described).toMatchObject({
			imageId: first.imageId,
			manifestDigest: first.manifestDigest,
			mediaType: first.mediaType,
			names: ['registry.example/a/b:1'],
			layers: [
				{ diffId: first.diffIds[0], uncompressedBytes: 5000, sharedWith: [second.imageId] },
				{ diffId: first.diffIds[1], uncompressedBytes: 600, sharedWith: [] },
			],
			history: [{ createdBy: 'step 0' }, { createdBy: 'step 1' }],
			uniqueBytes: 600,
			damages: [],
		});
	});

	test('an image that is damaged is described as far as it goes', async () => {
		const store = await storeWithBoth();
		store.bigData.delete(`${first.imageId}/sha256:${first.imageId}`);
		store.layers.delete(store.layerIdOf(first.diffIds));
		const described = await describeImage(first.imageId, store);
		expect(described.damages).toEqual([`no sha256:${first.imageId}`]);
		expect(described.layers).toEqual([]);
		await expect(describeImage('none:1', store)).rejects.toBeInstanceOf(NotFoundError);
	});
});

describe('summarizeImage', () => {
	const image = (names: readonly string[], keys: readonly string[]): StoredImage => ({
		id: 'a'.repeat(64),
		digest: digest('1'),
		names,
		layer: undefined,
		bigData: new Map(keys.map((key) => [key, { sizeBytes: 100, digest: digest('1') }])),
		createdAtNanos: 0n,
		readOnly: false,
	});

	test('a repository pulled by tag goes with every known manifest, one by digest with that alone', () => {
		const known = ['manifest', `manifest-${digest('1')}`, `manifest-${digest('2')}`];
		expect(repoDigestsOf(image(['r.io/a:1', 'r.io/a:2', 's.io/b:1'], known))).toEqual([
			`r.io/a@${digest('1')}`,
			`r.io/a@${digest('2')}`,
			`s.io/b@${digest('1')}`,
			`s.io/b@${digest('2')}`,
		]);
		expect(repoDigestsOf(image([`r.io/a@${digest('2')}`], known))).toEqual([`r.io/a@${digest('2')}`]);
		expect(repoDigestsOf(image([], known))).toEqual([]);
		const pulledLast = { ...image(['r.io/a:1'], known), digest: digest('2') };
		expect(repoDigestsOf(pulledLast)[0]).toBe(`r.io/a@${digest('2')}`);
	});

	test.each([
		['', undefined, ''],
		['0', 0n, ''],
		['1000:1000', 1000n, ''],
		['app:app', undefined, 'app'],
	])('user "%s" is uid %s, name "%s"', (user, uid, username) => {
		expect(summarizeImage(image([], []), new Map(), { user })).toMatchObject({ uid, username });
	});

	test('the size is that of layers and big data', async () => {
		const store = await storeWithBoth();
		const stored = store.images.get(first.imageId);
		if (stored === undefined) throw new Error('no image');
		const { sizeBytes } = summarizeImage(stored, store.layers, undefined);
		const config = first.blobs[0]?.bytes.length ?? 0;
		expect(sizeBytes).toBe(BigInt(5600 + config + 2 * first.manifest.length));
	});
});
