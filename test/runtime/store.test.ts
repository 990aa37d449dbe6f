/** The store and Podman on one graph root: what one writes, the other reads, runs and removes. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Store } from '../../src/runtime/storage/model.ts';
import { openStore } from '../../src/runtime/storage/open-store.ts';
import { loadLibc } from '../../src/runtime/sys/libc.ts';
import { commitByHand } from '../helpers/commit-by-hand.ts';
import { openPodman, type Podman, podmanRequirements } from '../helpers/podman.ts';
import { whatIsMissing } from '../helpers/requires.ts';
import { manyLayersImage, smallImage } from '../helpers/stock-images.ts';
import { readStoreFiles } from '../helpers/store-files.ts';

const missing = whatIsMissing(...podmanRequirements);

describe.skipIf(missing).each(['overlay', 'vfs'] as const)(`a store of %s${missing ?? ''}`, (driver) => {
	let podman: Podman;
	const stores: Store[] = [];
	const open = async (): Promise<Store> => {
		const store = await openStore({
			sys: loadLibc(),
			graphRoot: podman.graphRoot,
			runRoot: podman.runRoot,
			driver,
		});
		stores.push(store);
		return store;
	};

	beforeEach(() => {
		podman = openPodman({ storageDriver: driver });
	});
	afterEach(async () => {
		for (const store of stores.splice(0)) await store[Symbol.asyncDispose]();
		await podman.stop();
	});

	test('runs and removes under Podman what we committed', async () => {
		const store = await open();
		const image = smallImage('ours');
		const committed = await commitByHand(store, image, ['localhost/ours:1']);
		expect(committed.id).toBe(image.imageId);

		const [listed] = await podman.images();
		expect(listed).toMatchObject({
			Id: image.imageId,
			Names: ['localhost/ours:1'],
			Digest: image.manifestDigest,
		});
		const inspected = await podman.inspect('localhost/ours:1');
		expect(inspected.RootFS.Layers).toEqual(image.diffIds);
		const read = (rootDir: string) => readFileSync(path.join(rootDir, 'opt-ours'), 'utf8');
		expect(await podman.withMounted('localhost/ours:1', read)).toBe('ours\n');
		if (driver === 'overlay') {
			expect(await podman.runContainer('localhost/ours:1', ['cat', '/opt-ours'])).toBe('ours\n');
		}
		expect(await store.check()).toEqual([]);

		await podman.rmi('localhost/ours:1');
		expect(await store.listImages()).toEqual([]);
		expect(await store.listLayers()).toEqual([]);
	});

	test('lists, reads and removes what Podman built', async () => {
		const store = await open();
		await commitByHand(store, smallImage('base'), ['localhost/base:1']);
		const container = (await podman.run('create', 'localhost/base:1', 'true')).trim();
		const built = (await podman.run('commit', '--quiet', container, 'localhost/built:1')).trim();

		const found = await store.findImage('built:1');
		expect(found?.id).toBe(built);
		const inspected = await podman.inspect(built);
		expect(found?.digest).toBe(inspected.Digest);
		if (found === undefined) throw new Error('not found');
		const config = JSON.parse(String(await store.readBigData(found, `sha256:${built}`)));
		expect(config.rootfs.diff_ids).toEqual(inspected.RootFS.Layers);
		expect(found.layer).toBe(store.layerIdOf(inspected.RootFS.Layers));
		const ids = inspected.RootFS.Layers.map((_, depth) =>
			store.layerIdOf(inspected.RootFS.Layers.slice(0, depth + 1)),
		);
		expect([...(await store.presentLayers(ids)).keys()]).toEqual(ids);

		const base = await store.findImage('base:1');
		await expect(store.removeImage(base?.id ?? '')).rejects.toThrow(/container ".*" .*uses it/);
		expect(await store.listContainers()).toMatchObject([{ id: container, imageId: base?.id }]);
		await podman.run('rm', container);

		expect((await store.removeImage(base?.id ?? '')).removedLayers).toEqual([]);
		expect((await store.removeImage(built)).removedLayers).toHaveLength(3);
		expect(await podman.images()).toEqual([]);
		expect(await store.check()).toEqual([]);
		expect(await store.removeImage(built)).toEqual({ untagged: [], removedImages: [], removedLayers: [] });
	});

	test('moves names between images as Podman does', async () => {
		const store = await open();
		const first = await commitByHand(store, smallImage('one'), ['localhost/name:1', 'localhost/name:2']);
		const second = await commitByHand(store, smallImage('two'), ['localhost/name:1']);
		expect((await store.findImage('localhost/name:1'))?.id).toBe(second.id);
		await podman.run('tag', second.id, 'localhost/name:2');
		expect((await store.findImage(first.id))?.names).toEqual([]);
		await store.addNames(first.id, ['localhost/name:3', 'localhost/name:1']);
		await store.removeNames(first.id, ['localhost/name:1', 'localhost/absent:1']);
		const names = new Map((await podman.images()).map(({ Id, Names }) => [Id, Names ?? []]));
		expect(names.get(first.id)).toEqual(['localhost/name:3']);
		expect(names.get(second.id)).toEqual(['localhost/name:2']);
	});
});

describe.skipIf(missing)(`an overlay store${missing ?? ''}`, () => {
	test('lays out a chain of fifty layers that Podman mounts', { timeout: 120_000 }, async () => {
		const podman = openPodman();
		try {
			await using store = await openStore({
				sys: loadLibc(),
				graphRoot: podman.graphRoot,
				runRoot: podman.runRoot,
			});
			const image = manyLayersImage();
			await commitByHand(store, image, ['localhost/many:1']);
			const read = (rootDir: string) => readFileSync(path.join(rootDir, 'etc/last-step'), 'utf8');
			expect(await podman.withMounted('localhost/many:1', read)).toBe('48\n');
			expect(readStoreFiles(podman.graphRoot).problems).toEqual([]);
			await store.removeImage(image.imageId);
			expect(readdirSync(path.join(podman.graphRoot, 'overlay/l'))).toEqual([]);
			expect(readStoreFiles(podman.graphRoot).problems).toEqual([]);
			expect(existsSync(path.join(podman.graphRoot, 'overlay-images', image.imageId))).toBe(false);
			const left = readFileSync(path.join(podman.graphRoot, 'overlay-layers/layers.json'), 'utf8');
			expect(left).toBe('[]');
		} finally {
			await podman.stop();
		}
	});
});
