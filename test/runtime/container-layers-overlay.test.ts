/** Writable layers on overlay: long chains, busy mounts, lost records and counts, many at once beside Podman. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { loadLibc } from '../../src/runtime/sys/libc.ts';
import { commitByHand } from '../helpers/commit-by-hand.ts';
import { layerRequest } from '../helpers/container-layer-requests.ts';
import { containerLayerRig } from '../helpers/container-layer-rig.ts';
import { podmanRequirements } from '../helpers/podman.ts';
import { whatIsMissing } from '../helpers/requires.ts';
import { smallImage } from '../helpers/stock-images.ts';
import { readStoreFiles } from '../helpers/store-files.ts';
import { buildVariedImage, layerOf } from '../helpers/varied-images.ts';

const missing = whatIsMissing(...podmanRequirements);

describe.skipIf(missing)(`containers on overlay${missing ?? ''}`, () => {
	const rig = containerLayerRig('overlay');

	test('refuse what cannot be, and leave Podman its own', async () => {
		const store = await rig.open();
		const layers = store.containerLayers;
		const image = await commitByHand(store, smallImage('base'), ['localhost/base:1']);
		const theirs = (await rig.podman().run('create', '--name=theirs', 'localhost/base:1', 'true')).trim();
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
		expect((await rig.podman().run('ps', '--all', '--quiet', '--no-trunc')).trim()).toBe(theirs);
		expect(await rig.podman().run('start', '--attach', 'theirs')).toBe('');
		await rig.podman().run('rm', 'theirs');
		await layers.remove(first.id);
		expect(readStoreFiles(rig.podman().graphRoot).problems).toEqual([]);
	});

	test('outlive a record that Podman dropped', async () => {
		const store = await rig.open();
		const layers = store.containerLayers;
		const image = await commitByHand(store, smallImage('base'), ['localhost/base:1']);
		const request = layerRequest('dropped', image.id);
		await layers.create(request);
		const root = await layers.mount(request.id);
		await rig.podman().run('rm', '--force', 'dropped');
		expect(existsSync(path.join(root, 'opt-base'))).toBe(true);
		expect(await layers.listOwn()).toEqual([request.id]);
		// As after a start of ours: nothing is remembered.
		await rig.close();
		const again = await rig.open();
		expect(await again.containerLayers.listOwn()).toEqual([request.id]);
		await again.containerLayers.mount(request.id);
		await again.containerLayers.remove(request.id);
		expect(rig.mounts()).toEqual([]);
		expect(await again.containerLayers.listOwn()).toEqual([]);
		expect(readStoreFiles(rig.podman().graphRoot).problems).toEqual([]);
	});

	test('believe the kernel, not the counts', async () => {
		const store = await rig.open();
		const layers = store.containerLayers;
		const image = await commitByHand(store, smallImage('base'), ['localhost/base:1']);
		const request = layerRequest('counted', image.id);
		await layers.create(request);
		const root = await layers.mount(request.id);
		await layers.mount(request.id);
		// A reboot: the mount is gone, the count is not.
		loadLibc().umount2(root, 2);
		await layers.mount(request.id);
		expect(rig.counts()).toMatchObject([{ count: 1 }]);
		expect(existsSync(path.join(root, 'opt-base'))).toBe(true);
		// A crash: the mount is there, the count is not.
		writeFileSync(path.join(rig.podman().runRoot, 'overlay-layers/mountpoints.json'), '[]');
		await layers.mount(request.id);
		expect(rig.mounts()).toEqual([root]);
		expect(rig.counts()).toMatchObject([{ count: 1 }]);
		writeFileSync(path.join(rig.podman().runRoot, 'overlay-layers/mountpoints.json'), '');
		await layers.unmount(request.id);
		expect(rig.mounts()).toEqual([]);
		await layers.remove(request.id);
	});

	test('go although somebody is still in them', async () => {
		const store = await rig.open();
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
			expect(readStoreFiles(rig.podman().graphRoot).problems).toEqual([]);
		} finally {
			inside.kill('SIGKILL');
			await once(inside, 'exit');
		}
	});

	test.each([128, 160])('stand on %i layers', { timeout: 60_000 }, async (depth) => {
		const store = await rig.open();
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
		const [link] = readdirSync(rig.at('overlay/l'));
		unlinkSync(rig.at('overlay/l', link ?? ''));
		expect(readFileSync(path.join(await layers.mount(request.id), 'last'), 'utf8')).toBe('mine');
		await layers.unmountImage('deep');
		await layers.remove(request.id);
		expect(rig.mounts()).toEqual([]);
		expect(readdirSync(path.join(rig.podman().runRoot, 'criscope'))).toEqual(['mounts']);
	});

	test('are made and mounted as storage.conf says', async () => {
		const store = await rig.open({
			imageStore: path.join(rig.podman().dir, 'images'),
			mountOptions: 'noexec,metacopy=on',
			volatileMounts: false,
		});
		const layers = store.containerLayers;
		const image = await commitByHand(store, smallImage('base'), ['localhost/base:1']);
		const request = layerRequest('apart', image.id);
		const { layerId } = await layers.create(request);
		const root = await layers.mount(request.id);
		expect(readFileSync(path.join(root, 'opt-base'), 'utf8')).toBe('base\n');
		expect(existsSync(rig.at('overlay', layerId, 'diff'))).toBe(true);
		const line = readFileSync('/proc/mounts', 'utf8')
			.split('\n')
			.find((one) => one.includes(layerId));
		expect(line).toMatch(/nodev,noexec.*metacopy=on/);
		expect(line).not.toContain('volatile');
		expect(await store.check()).toEqual([]);
		await expect(store.removeImage(image.id)).rejects.toThrow(/uses it/);
		await layers.remove(request.id);
		await store.removeImage(image.id);
		expect(await store.listLayers()).toEqual([]);
		expect(rig.mounts()).toEqual([]);
	});

	test('come and go many at once, beside Podman', { timeout: 60_000 }, async () => {
		const store = await rig.open();
		const layers = store.containerLayers;
		const image = await commitByHand(store, smallImage('base'), ['localhost/base:1']);
		const theirs = (async () => {
			for (let round = 0; round < 3; round += 1) {
				await rig.podman().run('create', `--name=theirs-${round}`, 'localhost/base:1', 'true');
				await rig.podman().run('mount', `theirs-${round}`);
				await rig.podman().run('rm', '--force', `theirs-${round}`);
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
		expect(rig.mounts()).toEqual([]);
		expect(rig.counts()).toEqual([]);
		await rig.close();
		expect(readStoreFiles(rig.podman().graphRoot).problems).toEqual([]);
		expect(readdirSync(rig.at('overlay')).filter((name) => name.startsWith('.criscope'))).toEqual([]);
	});
});
