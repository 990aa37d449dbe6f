/** Stores in unusual places: several roots, a driver's folder that is a mount, read-only disks, records of others. */
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Store } from '../../src/runtime/storage/model.ts';
import { openStore, type StoreOptions } from '../../src/runtime/storage/open-store.ts';
import { loadLibc } from '../../src/runtime/sys/libc.ts';
import { commitByHand } from '../helpers/commit-by-hand.ts';
import { openPodman, type Podman, podmanRequirements } from '../helpers/podman.ts';
import { whatIsMissing } from '../helpers/requires.ts';
import { smallImage } from '../helpers/stock-images.ts';
import { readStoreFiles } from '../helpers/store-files.ts';
import { tempDir } from '../helpers/temp-dir.ts';

const missing = whatIsMissing(...podmanRequirements);
const bind = 4096;
const readOnly = 1;
const remount = 32;
const detach = 2;

describe.skipIf(missing)(`a store${missing ?? ''}`, () => {
	const sys = loadLibc();
	let podman: Podman;
	const stores: Store[] = [];
	const sentences: string[] = [];
	const at = (...names: readonly string[]) => path.join(podman.graphRoot, ...names);
	const open = async (options: Partial<StoreOptions> = {}): Promise<Store> => {
		const store = await openStore({
			sys,
			graphRoot: podman.graphRoot,
			runRoot: podman.runRoot,
			log: (sentence) => sentences.push(sentence),
			...options,
		});
		stores.push(store);
		return store;
	};
	const close = async () => {
		for (const store of stores.splice(0)) await store[Symbol.asyncDispose]();
	};
	const edit = (file: string, change: (records: Record<string, unknown>[]) => void) => {
		const records = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : [];
		change(records);
		writeFileSync(file, JSON.stringify(records));
	};

	beforeEach(() => {
		podman = openPodman();
		sentences.length = 0;
	});
	afterEach(async () => {
		await close();
		await podman.stop();
	});

	test('lists and builds on the images of additional stores, and leaves them alone', async () => {
		const other = `${podman.dir}/other`;
		const image = smallImage('shared');
		const first = await open({ graphRoot: other });
		await commitByHand(first, image, ['localhost/shared:1']);
		await close();

		const store = await open({ additionalImageStores: [other, '/nowhere'] });
		expect(sentences.join()).toContain('"/nowhere" is passed over');
		const found = await store.findImage('localhost/shared:1');
		expect(found).toMatchObject({ id: image.imageId, readOnly: true });
		expect(found && String(await store.readBigData(found, 'manifest'))).toBe(String(image.manifest));
		const top = store.layerIdOf(image.diffIds);
		expect((await store.presentLayers([top])).get(top)?.readOnly).toBe(true);
		await expect(store.removeImage(image.imageId)).rejects.toThrow(`read-only store "${other}"`);
		await expect(store.addNames(image.imageId, ['localhost/more:1'])).rejects.toThrow(
			`cannot tag image "${image.imageId}": it is in the read-only store "${other}"`,
		);
		await expect(store.removeNames(image.imageId, ['localhost/shared:1'])).rejects.toThrow('cannot untag');

		// Its base layer is the shared one; only the second is new.
		const child = smallImage('child');
		await commitByHand(store, child, ['localhost/child:1']);
		expect(await store.check()).toEqual([]);
		expect((await store.listLayers()).filter((layer) => !layer.readOnly)).toHaveLength(1);
		const opt = ['--storage-opt', `overlay.imagestore=${other}`];
		const names = await podman.run(...opt, 'images', '--format', '{{.Names}}');
		expect(names).toContain('localhost/child:1');
		expect(names).toContain('localhost/shared:1');
		const mounted = (await podman.run(...opt, 'image', 'mount', 'localhost/child:1')).trim();
		expect(readFileSync(path.join(mounted, 'opt-child'), 'utf8')).toBe('child\n');
		expect(existsSync(path.join(mounted, 'bin/busybox'))).toBe(true);
		await podman.run(...opt, 'image', 'unmount', 'localhost/child:1');
	});

	test('keeps images apart from containers where it is told to', async () => {
		const imageStore = `${podman.dir}/images`;
		const store = await open({ imageStore });
		const image = smallImage('apart');
		await commitByHand(store, image, ['localhost/apart:1']);
		expect(await store.check()).toEqual([]);
		expect(readdirSync(`${imageStore}/overlay`)).toHaveLength(3);
		expect(existsSync(at('overlay-layers', `${store.layerIdOf(image.diffIds)}.tar-split.gz`))).toBe(true);
		expect(existsSync(at('overlay-images', 'images.json'))).toBe(false);
		await store.removeImage(image.imageId);
		expect(readdirSync(`${imageStore}/overlay`)).toEqual(['l']);
		expect(readdirSync(`${imageStore}/overlay/l`)).toEqual([]);
	});

	test('commits and removes while the driver folder is mounted onto itself, as Podman leaves it', async () => {
		const store = await open();
		const image = smallImage('mounted');
		const whileMounted = async (act: () => Promise<unknown>) => {
			sys.mount(at('overlay'), at('overlay'), 'none', bind, '');
			try {
				await act();
			} finally {
				sys.umount2(at('overlay'), detach);
			}
		};
		await whileMounted(() => commitByHand(store, image, ['localhost/mounted:1']));
		// Podman takes such a mount away when it ends, so it looks in between.
		expect(await podman.checkStore()).toEqual([image.imageId]);
		await whileMounted(() => store.removeImage(image.imageId));
		expect(readdirSync(at('overlay')).filter((name) => name.length === 64)).toEqual([]);
		expect(readStoreFiles(podman.graphRoot).problems).toEqual([]);
		expect(readdirSync(path.join(podman.runRoot, 'criscope'))).toEqual([]);
	});

	test('removes what Podman has mounted, and forgets the mount', async () => {
		const store = await open();
		const image = smallImage('busy');
		await commitByHand(store, image, ['localhost/busy:1']);
		const mounted = (await podman.run('image', 'mount', 'localhost/busy:1')).trim();
		expect(existsSync(path.join(mounted, 'opt-busy'))).toBe(true);
		expect((await store.removeImage(image.imageId)).removedLayers).toHaveLength(2);
		const counts = path.join(podman.runRoot, 'overlay-layers/mountpoints.json');
		expect(JSON.parse(readFileSync(counts, 'utf8'))).toEqual([]);
		expect(await podman.images()).toEqual([]);
		expect(readFileSync('/proc/self/mounts', 'utf8')).not.toContain(mounted);
	});

	test('keeps what other programs wrote into the records', async () => {
		const store = await open();
		await commitByHand(store, smallImage('theirs'), ['localhost/theirs:1']);
		edit(at('overlay-layers/layers.json'), (records) =>
			Object.assign(records[0] ?? {}, { 'toc-digest': 'x' }),
		);
		edit(at('overlay-images/images.json'), (records) => Object.assign(records[0] ?? {}, { future: [1] }));
		await commitByHand(store, smallImage('ours'), ['localhost/ours:1', 'localhost/theirs:1']);
		const text = (file: string) => readFileSync(at(file), 'utf8');
		expect(JSON.parse(text('overlay-layers/layers.json'))[0]).toMatchObject({ 'toc-digest': 'x' });
		expect(JSON.parse(text('overlay-images/images.json'))[0]).toMatchObject({ future: [1] });
	});

	test('counts the containers of volatile records as users', async () => {
		const store = await open();
		const image = smallImage('volatile');
		await commitByHand(store, image, ['localhost/volatile:1']);
		edit(at('overlay-containers/volatile-containers.json'), (records) =>
			records.push({ id: 'c0ffee', image: image.imageId, layer: 'none' }),
		);
		await expect(store.removeImage(image.imageId)).rejects.toThrow('container "c0ffee" uses it');
	});

	test('finishes what another program was killed in', async () => {
		const store = await open();
		const image = smallImage('killed');
		await commitByHand(store, image, ['localhost/killed:1']);
		const stray = 'f'.repeat(64);
		mkdirSync(at('overlay', stray, 'diff'), { recursive: true });
		edit(at('overlay-layers/layers.json'), (records) =>
			records.push({ id: stray, flags: { incomplete: true } }),
		);
		expect(await store.check()).toMatchObject([{ kind: 'layer', id: stray }]);
		await close();
		const again = await open();
		expect(await again.check()).toEqual([]);
		expect(existsSync(at('overlay', stray))).toBe(false);
	});

	test('distrusts layers that were not on the disk when the machine stopped', async () => {
		const store = await open();
		const image = smallImage('cut');
		await commitByHand(store, image, ['localhost/cut:1']);
		const top = store.layerIdOf(image.diffIds);
		await close();
		edit(at('criscope/unwritten.json'), ([journal]) =>
			Object.assign(journal ?? {}, { boot: 'another', pending: [top] }),
		);
		const after = await open();
		expect((await after.presentLayers([top])).size).toBe(0);
		expect((await after.check())[0]?.cause).toContain('before it was written');
		await commitByHand(after, image, ['localhost/cut:1']);
		expect(await after.check()).toEqual([]);
		await close();
		expect(await (await open()).check()).toEqual([]);
	});

	test('says so when the disk is read-only', async () => {
		const store = await open();
		await commitByHand(store, smallImage('frozen'), ['localhost/frozen:1']);
		await close();
		sys.mount(podman.graphRoot, podman.graphRoot, 'none', bind, '');
		try {
			sys.mount('none', podman.graphRoot, 'none', bind | remount | readOnly, '');
			await expect(open()).rejects.toThrow('the filesystem is read-only');
		} finally {
			sys.umount2(podman.graphRoot, detach);
		}
	});

	test('is of vfs where overlay cannot be used', async () => {
		const dir = tempDir();
		for (const name of ['lower', 'upper', 'work', 'merged']) mkdirSync(path.join(dir, name));
		const options = `lowerdir=${dir}/lower,upperdir=${dir}/upper,workdir=${dir}/work`;
		sys.mount('overlay', `${dir}/merged`, 'overlay', 0, options);
		try {
			const store = await open({ graphRoot: `${dir}/merged/root` });
			expect(store.driver).toBe('vfs');
			expect(sentences.join()).toContain('its filesystem is overlay');
			await commitByHand(store, smallImage('plain'), ['localhost/plain:1']);
			expect(await store.check()).toEqual([]);
			await close();
		} finally {
			sys.umount2(`${dir}/merged`, detach);
		}
	});

	test('has the modes that Podman gives', async () => {
		const store = await open();
		await commitByHand(store, smallImage('modes'), []);
		const mode = (...names: readonly string[]) => statSync(at(...names)).mode & 0o777;
		const [layer] = await store.listLayers();
		const id = layer?.id ?? '';
		expect(mode('overlay')).toBe(0o755);
		expect(mode('overlay-layers')).toBe(0o700);
		expect(mode('overlay-layers/layers.json')).toBe(0o600);
		expect(mode('overlay', id)).toBe(0o700);
		expect(mode('overlay', id, 'diff')).toBe(0o555);
		expect(mode('overlay', id, 'link')).toBe(0o644);
		expect(readdirSync(at('overlay', id)).sort()).toEqual(['diff', 'empty', 'link', 'merged', 'work']);
	});
});
