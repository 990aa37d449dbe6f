/** Writable layers of containers beside Podman: what each sees of the other's, mounts, counts, and what is left over. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, statSync, unlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Store } from '../../src/runtime/storage/model.ts';
import { openStore } from '../../src/runtime/storage/open-store.ts';
import { loadLibc } from '../../src/runtime/sys/libc.ts';
import { commitByHand } from '../helpers/commit-by-hand.ts';
import { layerRequest } from '../helpers/container-layer-requests.ts';
import { mountPointsBelow } from '../helpers/mounts.ts';
import { openPodman, type Podman, podmanRequirements } from '../helpers/podman.ts';
import { whatIsMissing } from '../helpers/requires.ts';
import { smallImage } from '../helpers/stock-images.ts';
import { readStoreFiles } from '../helpers/store-files.ts';
import { buildVariedImage, layerOf } from '../helpers/varied-images.ts';

const missing = whatIsMissing(...podmanRequirements);

let podman: Podman;
const stores: Store[] = [];
const open = async (driver: 'overlay' | 'vfs' = 'overlay'): Promise<Store> => {
	const store = await openStore({
		sys: loadLibc(),
		graphRoot: podman.graphRoot,
		runRoot: podman.runRoot,
		driver,
	});
	stores.push(store);
	return store;
};
const close = async () => {
	for (const store of stores.splice(0)) await store[Symbol.asyncDispose]();
};
const at = (...names: readonly string[]) => path.join(podman.graphRoot, ...names);
const counts = (driver = 'overlay') =>
	JSON.parse(
		readFileSync(path.join(podman.runRoot, `${driver}-layers/mountpoints.json`), 'utf8'),
	) as readonly {
		readonly id: string;
		readonly count: number;
	}[];
/** Mounts of ours, without the private folder that they are in. */
const mounts = () => {
	const dir = path.join(podman.runRoot, 'criscope/mounts');
	return mountPointsBelow(podman.dir).filter((point) => point !== dir && point !== at('overlay'));
};

describe.skipIf(missing).each(['overlay', 'vfs'] as const)(`containers on %s${missing ?? ''}`, (driver) => {
	beforeEach(() => {
		podman = openPodman({ storageDriver: driver });
	});
	afterEach(async () => {
		await close();
		await podman.stop();
	});

	test('are external to Podman, which leaves their image alone until they are gone', async () => {
		const store = await open(driver);
		const layers = store.containerLayers;
		const image = await commitByHand(store, smallImage('base'), ['localhost/base:1']);
		const request = layerRequest('k8s_main_web_default_uid-1_1', image.id);
		const created = await layers.create(request);
		const root = await layers.mount(request.id);
		expect(readFileSync(path.join(root, 'opt-base'), 'utf8')).toBe('base\n');
		expect(statSync(root).mode & 0o7777).toBe(0o555);
		writeFileSync(path.join(root, 'tmp/mine'), 'x'.repeat(100_000));

		const seen = JSON.parse(await podman.run('ps', '--all', '--external', '--format', 'json'));
		// Podman takes its mounts away when it ends; ours must not be among them.
		expect(readFileSync(path.join(root, 'opt-base'), 'utf8')).toBe('base\n');
		expect(seen).toMatchObject([{ Id: request.id, Image: 'localhost/base:1', Names: request.names }]);
		await expect(podman.rmi('localhost/base:1')).rejects.toThrow(/in use by a container/);
		await podman.run('image', 'prune', '--all', '--force');
		await expect(store.removeImage(image.id)).rejects.toThrow(/k8s_main_web.*uses it/);
		expect(await store.listContainers()).toMatchObject([{ id: request.id, layerId: created.layerId }]);
		expect(await layers.listOwn()).toEqual([request.id]);
		expect(await store.check()).toEqual([]);
		const { usedBytes, inodesUsed, measuredAtNanos } = await layers.usage(request.id);
		expect(usedBytes).toBeGreaterThan(100_000);
		expect(inodesUsed).toBeGreaterThan(2);
		expect(Number(measuredAtNanos / 1_000_000_000n)).toBeCloseTo(Date.now() / 1000, -2);

		await layers.remove(request.id);
		await layers.remove(request.id);
		expect(mounts()).toEqual([]);
		expect(counts(driver)).toEqual([]);
		await podman.rmi('localhost/base:1');
		expect(await store.listLayers()).toEqual([]);
		await expect(layers.mount(request.id)).rejects.toThrow(/not in the store/);
		await expect(layers.usage(request.id)).rejects.toThrow(/not in the store/);
	});

	test('are counted while they are mounted, and keep their files', async () => {
		const store = await open(driver);
		const layers = store.containerLayers;
		const image = await commitByHand(store, smallImage('base'), ['localhost/base:1']);
		const request = layerRequest('counted', image.id);
		const { layerId } = await layers.create(request);
		const root = await layers.mount(request.id);
		expect(await layers.mount(request.id)).toBe(root);
		expect(counts(driver)).toMatchObject([{ id: layerId, path: root, count: 2 }]);
		writeFileSync(path.join(root, 'kept'), 'kept');
		await layers.unmount(request.id);
		expect(readFileSync(path.join(root, 'kept'), 'utf8')).toBe('kept');
		await layers.unmount(request.id);
		await layers.unmount(request.id);
		expect(counts(driver)).toEqual([]);
		expect(mounts()).toEqual([]);
		if (driver === 'overlay') expect(existsSync(root)).toBe(false);

		await layers.mount(request.id);
		await layers.mount(request.id);
		expect(readFileSync(path.join(root, 'kept'), 'utf8')).toBe('kept');
		await layers.unmount(request.id, { force: true });
		expect(counts(driver)).toEqual([]);
		expect(mounts()).toEqual([]);
		await layers.remove(request.id);
	});

	test('have images mounted that nobody can write to or delete', async () => {
		const store = await open(driver);
		const layers = store.containerLayers;
		const image = await commitByHand(store, smallImage('base'), ['localhost/base:1']);
		const root = await layers.mountImage(image.id, 'container-1/volume');
		expect(await layers.mountImage(image.id, 'container-1/volume')).toBe(root);
		expect(readFileSync(path.join(root, 'opt-base'), 'utf8')).toBe('base\n');
		expect(() => writeFileSync(path.join(root, 'x'), '')).toThrow(/EROFS/);
		await expect(podman.rmi('localhost/base:1')).rejects.toThrow(/in use/);
		expect(await layers.listImageMounts()).toEqual(['container-1/volume']);
		expect(await layers.listOwn()).toEqual([]);
		await layers.unmountImage('container-1/volume');
		await layers.unmountImage('container-1/volume');
		expect(mounts()).toEqual([]);
		await podman.rmi('localhost/base:1');
		await expect(layers.mountImage(image.id, 'again')).rejects.toThrow(/not in the store/);
	});

	test('need no image', async () => {
		const store = await open(driver);
		const request = layerRequest('bare', undefined);
		await store.containerLayers.create(request);
		const root = await store.containerLayers.mount(request.id);
		expect(readdirSync(root)).toEqual([]);
		writeFileSync(path.join(root, 'x'), '');
		expect(await podman.run('ps', '--all', '--external')).toContain('bare');
		await store.containerLayers.remove(request.id);
		expect(await store.listLayers()).toEqual([]);
	});
});

describe.skipIf(missing)(`containers on overlay${missing ?? ''}`, () => {
	beforeEach(() => {
		podman = openPodman();
	});
	afterEach(async () => {
		await close();
		await podman.stop();
	});

	test('refuse what cannot be, and leave Podman its own', async () => {
		const store = await open();
		const layers = store.containerLayers;
		const image = await commitByHand(store, smallImage('base'), ['localhost/base:1']);
		const theirs = (await podman.run('create', '--name=theirs', 'localhost/base:1', 'true')).trim();
		await layers.remove(theirs);
		await layers.unmount(theirs, { force: true });
		expect(await layers.listOwn()).toEqual([]);
		await expect(layers.mount(theirs)).rejects.toThrow(/not in the store/);
		await expect(layers.create(layerRequest('theirs', image.id))).rejects.toThrow(
			new RegExp(`the name "theirs" is container "${theirs}"'s`),
		);
		const first = layerRequest('first', image.id);
		await layers.create(first);
		await expect(layers.create({ ...first, names: ['second'] })).rejects.toThrow(/already/);
		await expect(layers.create(layerRequest('x', 'f'.repeat(64)))).rejects.toThrow(
			/image is not in the store/,
		);
		await expect(layers.create({ ...layerRequest('x', image.id), id: '../x' })).rejects.toThrow(/64 hex/);
		expect((await podman.run('ps', '--all', '--quiet', '--no-trunc')).trim()).toBe(theirs);
		expect(await podman.run('start', '--attach', 'theirs')).toBe('');
		await podman.run('rm', 'theirs');
		await layers.remove(first.id);
		expect(readStoreFiles(podman.graphRoot).problems).toEqual([]);
	});

	test('outlive a record that Podman dropped', async () => {
		const store = await open();
		const layers = store.containerLayers;
		const image = await commitByHand(store, smallImage('base'), ['localhost/base:1']);
		const request = layerRequest('dropped', image.id);
		await layers.create(request);
		const root = await layers.mount(request.id);
		await podman.run('rm', '--force', 'dropped');
		expect(existsSync(path.join(root, 'opt-base'))).toBe(true);
		expect(await layers.listOwn()).toEqual([request.id]);
		// As after a start of ours: nothing is remembered.
		await close();
		const again = await open();
		expect(await again.containerLayers.listOwn()).toEqual([request.id]);
		await again.containerLayers.mount(request.id);
		await again.containerLayers.remove(request.id);
		expect(mounts()).toEqual([]);
		expect(await again.containerLayers.listOwn()).toEqual([]);
		expect(readStoreFiles(podman.graphRoot).problems).toEqual([]);
	});

	test('believe the kernel, not the counts', async () => {
		const store = await open();
		const layers = store.containerLayers;
		const image = await commitByHand(store, smallImage('base'), ['localhost/base:1']);
		const request = layerRequest('counted', image.id);
		await layers.create(request);
		const root = await layers.mount(request.id);
		await layers.mount(request.id);
		// A reboot: the mount is gone, the count is not.
		loadLibc().umount2(root, 2);
		await layers.mount(request.id);
		expect(counts()).toMatchObject([{ count: 1 }]);
		expect(existsSync(path.join(root, 'opt-base'))).toBe(true);
		// A crash: the mount is there, the count is not.
		writeFileSync(path.join(podman.runRoot, 'overlay-layers/mountpoints.json'), '[]');
		await layers.mount(request.id);
		expect(mounts()).toEqual([root]);
		expect(counts()).toMatchObject([{ count: 1 }]);
		writeFileSync(path.join(podman.runRoot, 'overlay-layers/mountpoints.json'), '');
		await layers.unmount(request.id);
		expect(mounts()).toEqual([]);
		await layers.remove(request.id);
	});

	test('go although somebody is still in them', async () => {
		const store = await open();
		const layers = store.containerLayers;
		const image = await commitByHand(store, smallImage('base'), ['localhost/base:1']);
		const request = layerRequest('busy', image.id);
		await layers.create(request);
		const root = await layers.mount(request.id);
		const inside = spawn('sleep', ['60'], { cwd: root, stdio: 'ignore' });
		try {
			await once(inside, 'spawn');
			await layers.remove(request.id);
			await layers.create(request);
			expect(existsSync(path.join(await layers.mount(request.id), 'opt-base'))).toBe(true);
			await layers.remove(request.id);
			expect(readStoreFiles(podman.graphRoot).problems).toEqual([]);
		} finally {
			inside.kill('SIGKILL');
			await once(inside, 'exit');
		}
	});

	test.each([100, 128, 160])('stand on %i layers', { timeout: 60_000 }, async (depth) => {
		const store = await open();
		const layers = store.containerLayers;
		const steps = Array.from({ length: depth }, (_, index) =>
			layerOf([
				{ path: `step-${index}`, content: `${index}\n` },
				{ path: 'last', content: `${index}\n` },
			]),
		);
		const image = await commitByHand(store, buildVariedImage({ layers: steps }), ['localhost/deep:1']);
		const request = layerRequest('deep', image.id);
		const before = process.cwd();
		await layers.create(request);
		const root = await layers.mount(request.id);
		expect(process.cwd()).toBe(before);
		expect(readFileSync(path.join(root, 'last'), 'utf8')).toBe(`${depth - 1}\n`);
		expect(readFileSync(path.join(root, 'step-0'), 'utf8')).toBe('0\n');
		writeFileSync(path.join(root, 'last'), 'mine');
		const view = await layers.mountImage(image.id, 'deep');
		expect(readFileSync(path.join(view, 'last'), 'utf8')).toBe(`${depth - 1}\n`);
		// A link that a crash took away is made anew.
		await layers.unmount(request.id);
		const [link] = readdirSync(at('overlay/l'));
		unlinkSync(at('overlay/l', link ?? ''));
		expect(readFileSync(path.join(await layers.mount(request.id), 'last'), 'utf8')).toBe('mine');
		await layers.unmountImage('deep');
		await layers.remove(request.id);
		expect(mounts()).toEqual([]);
		expect(readdirSync(path.join(podman.runRoot, 'criscope'))).toEqual(['mounts']);
	});

	test('come and go many at once, beside Podman', { timeout: 60_000 }, async () => {
		const store = await open();
		const layers = store.containerLayers;
		const image = await commitByHand(store, smallImage('base'), ['localhost/base:1']);
		const theirs = (async () => {
			for (let round = 0; round < 3; round += 1) {
				await podman.run('create', `--name=theirs-${round}`, 'localhost/base:1', 'true');
				await podman.run('mount', `theirs-${round}`);
				await podman.run('rm', '--force', `theirs-${round}`);
			}
		})();
		const live = async (name: string) => {
			const request = layerRequest(name, image.id);
			await layers.create(request);
			const root = await layers.mount(request.id);
			writeFileSync(path.join(root, 'name'), name);
			expect(readFileSync(path.join(root, 'name'), 'utf8')).toBe(name);
			await layers.unmount(request.id);
			await layers.remove(request.id);
		};
		await Promise.all(Array.from({ length: 40 }, (_, index) => live(`ours-${index}`)));
		await theirs;
		expect(await store.listContainers()).toEqual([]);
		expect(mounts()).toEqual([]);
		expect(counts()).toEqual([]);
		await close();
		expect(readStoreFiles(podman.graphRoot).problems).toEqual([]);
		expect(readdirSync(at('overlay')).filter((name) => name.startsWith('.criscope'))).toEqual([]);
	});
});
