import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { runProgram } from '../helpers/child-process.ts';
import { completed, openBesidePodman, openImageRuntime, stagedNames } from '../helpers/image-runtime.ts';
import { openPodman, podmanRequirements } from '../helpers/podman.ts';
import { type Registry, startRegistry } from '../helpers/registry.ts';
import { whatIsMissing } from '../helpers/requires.ts';
import { manyLayersImage, oddImage, smallImage } from '../helpers/stock-images.ts';
import { readStoreFiles } from '../helpers/store-files.ts';
import { buildVariedImage, layerOf, pushIndex, randomBytes } from '../helpers/varied-images.ts';

const missing = whatIsMissing(...podmanRequirements, 'docker-registry');

describe.skipIf(missing)(`pull from docker-registry${missing ?? ''}`, () => {
	let registry: Registry;
	let dir: string;

	beforeAll(async () => {
		dir = mkdtempSync('/var/tmp/criscope-pull-');
		registry = await startRegistry({ dir });
	});
	afterAll(async () => {
		await registry.stop();
		rmSync(dir, { recursive: true, force: true });
	});

	test.each([
		{ compression: 'gzip', mediaTypes: 'oci' },
		{ compression: 'zstd', mediaTypes: 'oci' },
		{ compression: 'none', mediaTypes: 'oci' },
		{ compression: 'gzip', mediaTypes: 'docker' },
	] as const)('an image in $compression of the $mediaTypes format is what Podman pulls', async (variant) => {
		const image = oddImage(variant);
		const name = `odd-${variant.compression}-${variant.mediaTypes}`;
		const reference = `${registry.host}/${name}:1`;
		await registry.push(name, '1', image);
		const { podman, transfers, store } = await openBesidePodman({ insecure: [registry.host] });
		const done = await completed(transfers.pull({ image: reference }));
		expect(done).toMatchObject({ imageId: image.imageId, manifestDigest: image.manifestDigest });

		const other = openPodman();
		onTestFinished(() => other.stop());
		await other.pull(reference);
		const [ours, theirs] = [await podman.inspect(reference), await other.inspect(reference)];
		const { GraphDriver: _ours, ...oursAlike } = ours;
		const { GraphDriver: _theirs, ...theirsAlike } = theirs;
		expect(oursAlike).toEqual(theirsAlike);
		expect(await podman.runContainer(reference, ['sh', '-c', 'echo it runs'])).toBe('it runs\n');
		expect(await podman.checkStore()).toEqual([image.imageId]);
		expect(problemsOf(podman.graphRoot)).toEqual([]);
		expect(await store.check()).toEqual([]);
	});

	test('what Podman pulled is up to date for us, and what we pulled is for Podman', async () => {
		const image = smallImage('both');
		const reference = `${registry.host}/both:1`;
		await registry.push('both', '1', image);
		const { podman, transfers } = await openBesidePodman({ insecure: [registry.host] });
		await podman.pull(reference);
		expect(await completed(transfers.pull({ image: reference }))).toMatchObject({ upToDate: true });
		await podman.rmi(reference);
		expect(await completed(transfers.pull({ image: reference }))).toMatchObject({ upToDate: false });
		expect(await podman.pull(reference)).toBe(image.imageId);
		expect(await podman.images()).toHaveLength(1);
	});

	test('an index leads to this platform, and its digest is a name too', async () => {
		const here = process.arch === 'arm64' ? 'arm64' : 'amd64';
		const image = smallImage('index-here');
		const foreign = smallImage('index-there', { architecture: 's390x' });
		const indexDigest = await pushIndex(registry, 'multi', '1', [
			{ ...foreign, platform: { architecture: 's390x' } },
			{ ...image, platform: { architecture: here } },
		]);
		const { podman, transfers } = await openBesidePodman({ insecure: [registry.host] });
		const reference = `${registry.host}/multi:1`;
		expect(await completed(transfers.pull({ image: reference }))).toMatchObject({ imageId: image.imageId });
		const { RepoDigests } = await podman.inspect(reference);
		expect([...RepoDigests].sort()).toEqual(
			[`${registry.host}/multi@${indexDigest}`, `${registry.host}/multi@${image.manifestDigest}`].sort(),
		);
		await completed(transfers.pull({ image: reference, platform: 'linux/s390x' }));
		expect((await podman.inspect(foreign.imageId)).Architecture).toBe('s390x');
		await expect(completed(transfers.pull({ image: reference, platform: 'linux/mips' }))).rejects.toThrow(
			`no match for platform linux/mips; there are linux/s390x, linux/${here}`,
		);
	});

	test('fifty layers come and run, on vfs as well', async () => {
		const image = manyLayersImage();
		await registry.push('many', '1', image);
		const { podman, transfers } = await openBesidePodman({ insecure: [registry.host] });
		const reference = `${registry.host}/many:1`;
		await completed(transfers.pull({ image: reference }));
		expect(await podman.checkStore()).toEqual([image.imageId]);

		const small = smallImage('vfs');
		await registry.push('vfs', '1', small);
		const vfsDir = mkdtempSync('/var/tmp/criscope-pull-vfs-');
		const vfs = openPodman({ dir: vfsDir, storageDriver: 'vfs' });
		onTestFinished(async () => {
			await vfs.stop();
			rmSync(vfsDir, { recursive: true, force: true });
		});
		await using runtime = await openImageRuntime({ ...vfs, insecure: [registry.host], driver: 'vfs' });
		await completed(runtime.transfers.pull({ image: `${registry.host}/vfs:1` }));
		expect(await vfs.checkStore()).toEqual([small.imageId]);
	});

	test('a full disk is named as such, leaves nothing, and a smaller image still fits', async () => {
		const big = buildVariedImage({
			layers: [1, 2, 3].map((seed) =>
				layerOf([{ path: `f${seed}`, content: randomBytes(8 * 2 ** 20, seed) }]),
			),
		});
		const small = smallImage('fits');
		await registry.push('big', '1', big);
		await registry.push('fits', '1', small);
		const { graphRoot, runRoot, dir: settings } = await smallDisk();
		await using runtime = await openImageRuntime({
			dir: settings,
			graphRoot,
			runRoot,
			insecure: [registry.host],
		});
		const error = await completed(runtime.transfers.pull({ image: `${registry.host}/big:1` })).catch(
			(thrown: unknown) => thrown,
		);
		expect(error).toMatchObject({ code: 'resourceExhausted' });
		expect(String(error)).toMatch(/ENOSPC|no space left/);
		expect(await runtime.store.listLayers()).toEqual([]);
		expect(problemsOf(graphRoot)).toEqual([]);
		expect(stagedNames(graphRoot)).toEqual([]);
		await completed(runtime.transfers.pull({ image: `${registry.host}/fits:1` }));
		expect((await runtime.store.listImages()).map(({ id }) => id)).toEqual([small.imageId]);
	});

	test('a deadline of a millisecond ends the pull and leaves nothing', async () => {
		const image = smallImage('hurried');
		await registry.push('hurried', '1', image);
		const { podman, transfers, store } = await openBesidePodman({ insecure: [registry.host] });
		const pulled = completed(
			transfers.pull({ image: `${registry.host}/hurried:1` }, { signal: AbortSignal.timeout(1) }),
		);
		await expect(pulled).rejects.toMatchObject({ name: 'TimeoutError' });
		expect(await store.listImages()).toEqual([]);
		expect(stagedNames(podman.graphRoot)).toEqual([]);
	});
});

/** What is wrong by the files alone; the list of what awaits its way to the disk is there as long as the store is open. */
function problemsOf(graphRoot: string): readonly string[] {
	return readStoreFiles(graphRoot).problems.filter(
		(problem) => !problem.startsWith('criscope/unwritten.json'),
	);
}

/** A filesystem of 20 MiB with a graph root on it. */
async function smallDisk() {
	const dir = mkdtempSync('/var/tmp/criscope-disk-');
	const mount = path.join(dir, 'disk');
	mkdirSync(mount);
	await runProgram('mount', ['-t', 'tmpfs', '-o', 'size=20m', 'none', mount]);
	onTestFinished(async () => {
		await runProgram('umount', ['--lazy', mount]);
		rmSync(dir, { recursive: true, force: true });
	});
	return { dir, graphRoot: path.join(mount, 'root'), runRoot: path.join(dir, 'run') };
}
