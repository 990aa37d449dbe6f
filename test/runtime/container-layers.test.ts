/** Writable layers of containers beside Podman, by either driver: what each sees of the other's, mounts and counts. */
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { commitByHand } from '../helpers/commit-by-hand.ts';
import { layerRequest } from '../helpers/container-layer-requests.ts';
import { containerLayerRig } from '../helpers/container-layer-rig.ts';
import { podmanRequirements } from '../helpers/podman.ts';
import { whatIsMissing } from '../helpers/requires.ts';
import { smallImage } from '../helpers/stock-images.ts';

const missing = whatIsMissing(...podmanRequirements);

describe.skipIf(missing).each(['overlay', 'vfs'] as const)(`containers on %s${missing ?? ''}`, (driver) => {
	const rig = containerLayerRig(driver);

	test('are external to Podman, which leaves their image alone until they are gone', async () => {
		const store = await rig.open();
		const layers = store.containerLayers;
		const image = await commitByHand(store, smallImage('base'), ['localhost/base:1']);
		const request = layerRequest('k8s_main_web_default_uid-1_1', image.id);
		const created = await layers.create(request);
		const root = await layers.mount(request.id);
		expect(readFileSync(path.join(root, 'opt-base'), 'utf8')).toBe('base\n');
		expect(statSync(root).mode & 0o7777).toBe(0o555);
		writeFileSync(path.join(root, 'tmp/mine'), 'x'.repeat(100_000));

		const seen = JSON.parse(await rig.podman().run('ps', '--all', '--external', '--format', 'json'));
		// Podman takes its mounts away when it ends; ours must not be among them.
		expect(readFileSync(path.join(root, 'opt-base'), 'utf8')).toBe('base\n');
		expect(seen).toMatchObject([{ Id: request.id, Image: 'localhost/base:1', Names: request.names }]);
		await expect(rig.podman().rmi('localhost/base:1')).rejects.toThrow(/in use by a container/);
		await rig.podman().run('image', 'prune', '--all', '--force');
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
		expect(rig.mounts()).toEqual([]);
		expect(rig.counts()).toEqual([]);
		await rig.podman().rmi('localhost/base:1');
		expect(await store.listLayers()).toEqual([]);
		await expect(layers.mount(request.id)).rejects.toThrow(/not in the store/);
		await expect(layers.usage(request.id)).rejects.toThrow(/not in the store/);
	});

	test('are counted while they are mounted, and keep their files', async () => {
		const store = await rig.open();
		const layers = store.containerLayers;
		const image = await commitByHand(store, smallImage('base'), ['localhost/base:1']);
		const request = layerRequest('counted', image.id);
		const { layerId } = await layers.create(request);
		const root = await layers.mount(request.id);
		expect(await layers.mount(request.id)).toBe(root);
		expect(rig.counts()).toMatchObject([{ id: layerId, path: root, count: 2 }]);
		writeFileSync(path.join(root, 'kept'), 'kept');
		await layers.unmount(request.id);
		expect(readFileSync(path.join(root, 'kept'), 'utf8')).toBe('kept');
		await layers.unmount(request.id);
		await layers.unmount(request.id);
		expect(rig.counts()).toEqual([]);
		expect(rig.mounts()).toEqual([]);
		if (driver === 'overlay') expect(existsSync(root)).toBe(false);

		await layers.mount(request.id);
		await layers.mount(request.id);
		expect(readFileSync(path.join(root, 'kept'), 'utf8')).toBe('kept');
		await layers.unmount(request.id, { force: true });
		expect(rig.counts()).toEqual([]);
		expect(rig.mounts()).toEqual([]);
		await layers.remove(request.id);
	});

	test('have images mounted that nobody can write to or delete', async () => {
		const store = await rig.open();
		const layers = store.containerLayers;
		const image = await commitByHand(store, smallImage('base'), ['localhost/base:1']);
		const root = await layers.mountImage(image.id, 'container-1/volume');
		expect(await layers.mountImage(image.id, 'container-1/volume')).toBe(root);
		expect(readFileSync(path.join(root, 'opt-base'), 'utf8')).toBe('base\n');
		expect(() => writeFileSync(path.join(root, 'x'), '')).toThrow(/EROFS/);
		await expect(rig.podman().rmi('localhost/base:1')).rejects.toThrow(/in use/);
		expect(await layers.listImageMounts()).toEqual(['container-1/volume']);
		expect(await layers.listOwn()).toEqual([]);
		await layers.unmountImage('container-1/volume');
		await layers.unmountImage('container-1/volume');
		expect(rig.mounts()).toEqual([]);
		await rig.podman().rmi('localhost/base:1');
		await expect(layers.mountImage(image.id, 'again')).rejects.toThrow(/not in the store/);
	});

	test('need no image', async () => {
		const store = await rig.open();
		const request = layerRequest('bare', undefined);
		await store.containerLayers.create(request);
		const root = await store.containerLayers.mount(request.id);
		expect(readdirSync(root)).toEqual([]);
		writeFileSync(path.join(root, 'x'), '');
		expect(await rig.podman().run('ps', '--all', '--external')).toContain('bare');
		await store.containerLayers.remove(request.id);
		expect(await store.listLayers()).toEqual([]);
	});
});
