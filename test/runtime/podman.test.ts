import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openPodman, type Podman, podmanRequirements } from '../helpers/podman.ts';
import { type Registry, startRegistry } from '../helpers/registry.ts';
import { whatIsMissing } from '../helpers/requires.ts';
import { type Serve, startServe } from '../helpers/serve.ts';
import { skopeoCopy, skopeoDigest } from '../helpers/skopeo.ts';
import { oddImage, smallImage } from '../helpers/stock-images.ts';
import { readStoreFiles } from '../helpers/store-files.ts';
import { completion, loadFile, saveFile } from '../helpers/transfer-events.ts';
import { treeFacts } from '../helpers/tree-facts.ts';
import { type ImageVariant, pushIndex } from '../helpers/varied-images.ts';

const missing = whatIsMissing(...podmanRequirements, 'docker-registry', 'skopeo', 'unshare');

const variants: readonly Required<Pick<ImageVariant, 'compression' | 'mediaTypes'>>[] = [
	{ compression: 'gzip', mediaTypes: 'docker' },
	{ compression: 'gzip', mediaTypes: 'oci' },
	{ compression: 'zstd', mediaTypes: 'oci' },
	{ compression: 'none', mediaTypes: 'oci' },
];

/** One store, two programs: what one puts into it the other uses, with equal names, ids and digests. */
describe.skipIf(missing)(`a store shared with Podman${missing ?? ''}`, () => {
	let dir: string;
	let registry: Registry;
	let serve: Serve;
	let podman: Podman;
	/** Podman alone, on a store of its own: what ours is compared with. */
	let judge: Podman;

	beforeAll(async () => {
		dir = mkdtempSync('/var/tmp/criscope-shared-');
		registry = await startRegistry({ dir: path.join(dir, 'registry') });
		serve = await startServe({ dir: path.join(dir, 'serve'), insecureHosts: [registry.host] });
		const { graphRoot, runRoot } = serve;
		podman = openPodman({ dir: path.join(dir, 'podman'), graphRoot, runRoot });
		judge = openPodman({ dir: path.join(dir, 'judge') });
	});
	afterAll(async () => {
		await serve?.stop();
		await podman?.stop();
		await judge?.stop();
		await registry?.stop();
		rmSync(dir, { recursive: true, force: true });
	});

	const pull = (image: string) => completion(serve.client().transfers.pullImage({ image }));
	let count = 0;
	/** Names are new on every try of a test. */
	const freshName = (word: string) => {
		count += 1;
		return `${word}-${count}`;
	};
	const contentOf = (one: Podman, image: string) =>
		one.withMounted(image, async (rootDir) => treeFacts(rootDir));

	test.each(variants)('runs under podman what we pulled: $compression, $mediaTypes', async (variant) => {
		const name = freshName('runs');
		const image = smallImage(name, variant);
		await registry.push(`team/${name}`, '1', image);
		const reference = `${registry.host}/team/${name}:1`;
		const end = await pull(reference);
		expect(end).toMatchObject({ imageId: image.imageId, manifestDigest: image.manifestDigest });
		expect(await podman.runContainer(reference, ['cat', `/opt-${name}`])).toBe(`${name}\n`);

		await judge.pull(reference);
		const [ours, theirs] = [await podman.inspect(reference), await judge.inspect(reference)];
		for (const key of [
			'Id',
			'Digest',
			'RepoTags',
			'RepoDigests',
			'RootFS',
			'Size',
			'ManifestType',
			'Config',
		] as const) {
			expect({ [key]: ours[key] }).toEqual({ [key]: theirs[key] });
		}
	});

	test.each(variants)('unpacks every oddity as Podman does: $compression, $mediaTypes', async (variant) => {
		const name = freshName('odd');
		await registry.push(`team/${name}`, '1', oddImage(variant));
		const reference = `${registry.host}/team/${name}:1`;
		// Without layers of an earlier variant, which would not be unpacked again.
		for (const { id } of await serve.client().images.listImages())
			await serve.client().images.removeImage(id);
		await pull(reference);
		await judge.pull(reference);
		expect(await contentOf(podman, reference)).toEqual(await contentOf(judge, reference));
		expect(await podman.runContainer(reference, ['ls', '/opaque', '/half'])).toContain('stays');
		expect(readStoreFiles(serve.graphRoot).problems).toEqual([]);
	});

	test('chooses this platform of an index, and knows the image by both digests', async () => {
		const name = freshName('index');
		const own = {
			...smallImage(name),
			platform: { architecture: process.arch === 'arm64' ? 'arm64' : 'amd64' },
		};
		const other = {
			...smallImage(`${name}-other`, { architecture: 's390x' }),
			platform: { architecture: 's390x' },
		};
		const indexDigest = await pushIndex(registry, `team/${name}`, '1', [other, own]);
		const reference = `${registry.host}/team/${name}:1`;
		expect((await pull(reference)).imageId).toBe(own.imageId);
		await judge.pull(reference);
		const [ours, theirs] = [await podman.inspect(reference), await judge.inspect(reference)];
		expect(ours.Digest).toBe(theirs.Digest);
		expect([...ours.RepoDigests].sort()).toEqual([...theirs.RepoDigests].sort());
		const byDigest = `${registry.host}/team/${name}@${indexDigest}`;
		const status = await serve.client().images.imageStatus(byDigest, { verbose: false });
		expect(status.image?.id.replace('sha256:', '')).toBe(own.imageId);
	});

	test('lists, inspects and uses what Podman pulled and what Podman built', async () => {
		const name = freshName('built');
		const base = smallImage(name);
		await registry.push(`team/${name}`, '1', base);
		const pulled = `${registry.host}/team/${name}:1`;
		await podman.pull(pulled);
		const context = path.join(dir, name);
		mkdirSync(context);
		writeFileSync(path.join(context, 'greeting'), 'good morning\n');
		writeFileSync(
			path.join(context, 'Containerfile'),
			`FROM ${pulled}\nCOPY greeting /greeting\nENV MOOD=fine\n`,
		);
		const built = `localhost/${name}:2`;
		await podman.run('build', '--quiet', '--network=none', '--tag', built, context);

		const { images, transfers } = serve.client();
		const listed = await images.listImages();
		for (const reference of [pulled, built]) {
			const { Id } = await podman.inspect(reference);
			expect(listed.find(({ repoTags }) => repoTags.includes(reference))?.id.replace('sha256:', '')).toBe(Id);
			const { image } = await images.imageStatus(reference, { verbose: true });
			expect(image?.id.replace('sha256:', '')).toBe(Id);
		}
		const description = await transfers.describeImage(built);
		expect(description.damages).toEqual([]);
		expect(description.layers.slice(0, 2).map(({ diffId }) => diffId)).toEqual(base.diffIds);

		// Pushed by us, it runs on the other store.
		const destination = `${registry.host}/pushed/${name}:1`;
		await completion(transfers.pushImage({ image: built, destination }));
		await judge.pull(destination);
		expect(await judge.runContainer(destination, ['sh', '-c', 'cat /greeting; echo $MOOD'])).toBe(
			'good morning\nfine\n',
		);

		// Saved by us, Podman loads it; and the other way.
		for (const format of ['docker-archive', 'oci-archive'] as const) {
			const file = path.join(dir, `${name}-${format}.tar`);
			await saveFile(transfers, { images: [built], format }, file);
			await judge.run('rmi', '--all', '--force');
			await judge.load(file);
			expect(await contentOf(judge, built)).toEqual(await contentOf(podman, built));
			const { Id } = await judge.inspect(built);
			const theirs = path.join(dir, `${name}-${format}-theirs.tar`);
			await judge.run('save', '--quiet', '--format', format, '--output', theirs, built);
			await images.removeImage(built);
			const [end] = await loadFile(transfers, theirs);
			expect(end?.imageId).toBe(Id);
			expect(end?.names).toContain(built);
			expect(await podman.runContainer(built, ['cat', '/greeting'])).toBe('good morning\n');
		}
	});

	test.each(variants)(
		'gives equal digests to every tool that copies our image: $compression, $mediaTypes',
		async (variant) => {
			const name = freshName('copied');
			const image = oddImage(variant, { sparse: false });
			await registry.push(`team/${name}`, '1', image);
			const reference = `${registry.host}/team/${name}:1`;
			await pull(reference);
			await judge.pull(reference);
			const to = (who: string) => `${registry.host}/copies/${name}-${who}:1`;
			const storeOf = ({ graphRoot, runRoot }: Podman) =>
				`containers-storage:[overlay@${graphRoot}+${runRoot}]`;
			await podman.push(reference, to('podman-ours'));
			await judge.push(reference, to('podman-theirs'));
			await skopeoCopy(`${storeOf(podman)}${reference}`, `docker://${to('skopeo-ours')}`, {
				env: podman.env,
			});
			await skopeoCopy(`${storeOf(judge)}${reference}`, `docker://${to('skopeo-theirs')}`, {
				env: judge.env,
			});
			expect(await skopeoDigest(to('podman-ours'))).toBe(await skopeoDigest(to('podman-theirs')));
			expect(await skopeoDigest(to('skopeo-ours'))).toBe(await skopeoDigest(to('skopeo-theirs')));
			await completion(serve.client().transfers.pushImage({ image: reference, destination: to('criscope') }));
			expect(await skopeoDigest(to('criscope'))).toBe(image.manifestDigest);
		},
	);

	test('refuses to remove what a container of Podman uses, and names the container', async () => {
		const name = freshName('used');
		await registry.push(`team/${name}`, '1', smallImage(name));
		const reference = `${registry.host}/team/${name}:1`;
		await pull(reference);
		const container = (await podman.run('create', '--network=none', reference, 'true')).trim();
		const { containerIds } = await serve.client().transfers.describeImage(reference);
		expect(containerIds).toContain(container);
		await expect(serve.client().images.removeImage(reference)).rejects.toThrow(container.slice(0, 12));
		await podman.run('rm', container);
		await serve.client().images.removeImage(reference);
		expect((await podman.images()).some(({ Names }) => Names?.includes(reference))).toBe(false);
	});

	test.each(['link', 'lower', 'tar-split', 'config', 'manifest', 'diff'] as const)(
		'names and repairs an image whose %s a power loss took',
		async (what) => {
			const name = freshName('damaged');
			const image = smallImage(name);
			await registry.push(`team/${name}`, '1', image);
			const reference = `${registry.host}/team/${name}:1`;
			await pull(reference);
			const { layers } = await serve.client().transfers.describeImage(reference);
			const top = layers.at(-1)?.layerId ?? '';
			const at = (...names: readonly string[]) => path.join(serve.graphRoot, ...names);
			const bigData = (key: string) =>
				at('overlay-images', image.imageId, `=${Buffer.from(key).toString('base64')}`);
			if (what === 'diff') rmSync(at('overlay', top, 'diff'), { recursive: true });
			else {
				const file = {
					link: at('overlay', top, 'link'),
					lower: at('overlay', top, 'lower'),
					'tar-split': at('overlay-layers', `${top}.tar-split.gz`),
					config: bigData(`sha256:${image.imageId}`),
					manifest: at('overlay-images', image.imageId, 'manifest'),
				}[what];
				expect(readFileSync(file).length).toBeGreaterThan(0);
				writeFileSync(file, '');
			}
			// As after a power loss: nobody remembers how it was.
			await serve.restart();
			const { damages } = await serve.client().transfers.describeImage(reference);
			expect(damages.join('\n')).not.toBe('');
			await pull(reference);
			expect((await serve.client().transfers.describeImage(reference)).damages).toEqual([]);
			expect(await podman.runContainer(reference, ['cat', `/opt-${name}`])).toBe(`${name}\n`);
			expect(readStoreFiles(serve.graphRoot).problems).toEqual([]);
		},
	);

	test('reads a store whose images.json and layers.json a power loss emptied, and fills it again', async () => {
		const name = freshName('emptied');
		await registry.push(`team/${name}`, '1', smallImage(name));
		const reference = `${registry.host}/team/${name}:1`;
		await pull(reference);
		for (const file of ['overlay-images/images.json', 'overlay-layers/layers.json']) {
			writeFileSync(path.join(serve.graphRoot, file), '');
		}
		await serve.restart();
		expect(await serve.client().images.listImages()).toEqual([]);
		await pull(reference);
		expect(await podman.runContainer(reference, ['cat', `/opt-${name}`])).toBe(`${name}\n`);
		expect(readdirSync(path.join(serve.graphRoot, 'overlay-images')).length).toBeGreaterThan(0);
	});
});
