import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { runProgram } from '../helpers/child-process.ts';
import { openPodman, type Podman, podmanRequirements } from '../helpers/podman.ts';
import { type Registry, startRegistry } from '../helpers/registry.ts';
import { whatIsMissing } from '../helpers/requires.ts';
import { type Serve, startServe } from '../helpers/serve.ts';
import { smallImage } from '../helpers/stock-images.ts';
import { readStoreFiles } from '../helpers/store-files.ts';
import { completion } from '../helpers/transfer-events.ts';
import { buildVariedImage, layerOf, manyFiles } from '../helpers/varied-images.ts';

const missing = whatIsMissing(...podmanRequirements, 'docker-registry', 'mount');

/** A store on a disk that is full, or that the kernel has made read-only. */
describe.skipIf(missing)(`a bad disk${missing ?? ''}`, () => {
	let dir: string;
	let disk: string;
	let registry: Registry;
	let serve: Serve;
	let podman: Podman;
	let small: string;
	let large: string;

	beforeEach(async () => {
		dir = mkdtempSync('/var/tmp/criscope-disk-');
		disk = path.join(dir, 'disk');
		mkdirSync(disk);
		await runProgram('mount', ['-t', 'tmpfs', '-o', 'size=16m', 'criscope-test', disk]);
		registry = await startRegistry({ dir: path.join(dir, 'registry') });
		await registry.push('disk/small', '1', smallImage('small'));
		const layer = (index: number) =>
			layerOf(manyFiles({ folder: `part-${index}`, files: 200, totalBytes: 6_000_000, seed: index }));
		await registry.push(
			'disk/large',
			'1',
			buildVariedImage({ layers: [layer(1), layer(2), layer(3), layer(4)] }),
		);
		small = `${registry.host}/disk/small:1`;
		large = `${registry.host}/disk/large:1`;
		const graphRoot = path.join(disk, 'root');
		const runRoot = path.join(dir, 'run');
		serve = await startServe({
			dir: path.join(dir, 'serve'),
			graphRoot,
			runRoot,
			insecureHosts: [registry.host],
		});
		podman = openPodman({ dir: path.join(dir, 'podman'), graphRoot, runRoot });
		await pull(small);
	});
	afterEach(async () => {
		await serve?.stop();
		await runProgram('mount', ['-o', 'remount,rw', disk]);
		await podman?.stop();
		await registry?.stop();
		await runProgram('umount', ['--lazy', disk]);
		rmSync(dir, { recursive: true, force: true });
	});

	const pull = (image: string) => completion(serve.client().transfers.pullImage({ image }));

	test('says that it is full, keeps what it has, and pulls once there is room', async () => {
		await expect(pull(large)).rejects.toThrow(/no space|full/i);
		expect(readStoreFiles(serve.graphRoot).problems).toEqual([]);
		expect(await podman.runContainer(small, ['cat', '/opt-small'])).toBe('small\n');
		await runProgram('mount', ['-o', 'remount,size=256m', disk]);
		await pull(large);
		await podman.checkStore();
	});

	test('lists and inspects while it is read-only, says so to a pull, and pulls once it is writable', async () => {
		await runProgram('mount', ['-o', 'remount,size=256m', disk]);
		// On top of itself: the kernel would not turn a mount over while files are open for writing.
		await runProgram('mount', ['--bind', disk, disk]);
		await runProgram('mount', ['-o', 'remount,bind,ro', disk]);
		try {
			const listed = await serve.client().images.listImages();
			expect(listed.flatMap(({ repoTags }) => repoTags)).toEqual([small]);
			expect((await serve.client().transfers.describeImage(small)).damages).toEqual([]);
			await expect(pull(large)).rejects.toThrow(/read-only/i);
			await expect(serve.client().images.removeImage(small)).rejects.toThrow(/read-only/i);
			await expect(serve.restart()).rejects.toThrow(/cannot open store .* read-only/);
		} finally {
			await runProgram('umount', ['--lazy', disk]);
		}
		await serve.start();
		await pull(large);
		await podman.checkStore();
		expect(readStoreFiles(serve.graphRoot).problems).toEqual([]);
	});
});
