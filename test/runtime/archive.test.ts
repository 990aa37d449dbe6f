import { createReadStream, createWriteStream, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import type { ArchiveFormat } from '../../src/cri/image-transfer.ts';
import type { ImageTransfers } from '../../src/runtime/image/images.ts';
import { runProgram } from '../helpers/child-process.ts';
import { completed, openImageRuntime } from '../helpers/image-runtime.ts';
import { openPodman, type Podman, podmanRequirements } from '../helpers/podman.ts';
import { type Registry, startRegistry } from '../helpers/registry.ts';
import { whatIsMissing } from '../helpers/requires.ts';
import { skopeoCopy } from '../helpers/skopeo.ts';
import { oddImage, smallImage } from '../helpers/stock-images.ts';

const missing = whatIsMissing(...podmanRequirements, 'docker-registry', 'skopeo', 'umoci');

function newPodman(): Podman {
	const podman = openPodman();
	onTestFinished(() => podman.stop());
	return podman;
}

async function setUp(insecure: readonly string[] = []) {
	const podman = newPodman();
	const { dir, graphRoot, runRoot } = podman;
	const runtime = await openImageRuntime({ dir, graphRoot, runRoot, insecure });
	onTestFinished(() => runtime[Symbol.asyncDispose]());
	const load = (file: string) => completed(runtime.transfers.load({}, createReadStream(file)));
	return { podman, load, ...runtime };
}

/** Writes an archive to a file, as slowly as the disk takes it. */
async function saveTo(
	file: string,
	transfers: ImageTransfers,
	images: readonly string[],
	format: ArchiveFormat,
): Promise<void> {
	const out = createWriteStream(file);
	for await (const part of transfers.save({ images, format })) {
		if (part.kind === 'chunk' && !out.write(part.bytes)) {
			await new Promise<void>((resolve) => out.once('drain', resolve));
		}
	}
	await new Promise<void>((resolve, reject) =>
		out.end((error?: Error | null) => (error ? reject(error) : resolve())),
	);
}

describe.skipIf(missing)(`archives${missing ?? ''}`, () => {
	let registry: Registry;
	let dir: string;
	const image = oddImage();
	let reference: string;

	beforeAll(async () => {
		dir = mkdtempSync('/var/tmp/criscope-archive-');
		registry = await startRegistry({ dir: path.join(dir, 'registry') });
		await registry.push('odd', '1', image);
		reference = `${registry.host}/odd:1`;
	});
	afterAll(async () => {
		await registry.stop();
		rmSync(dir, { recursive: true, force: true });
	});

	test('a docker-archive of ours is the very file that podman save writes', async () => {
		const { podman, transfers } = await setUp([registry.host]);
		await completed(transfers.pull({ image: reference }));
		const [ours, theirs] = [path.join(dir, 'ours.tar'), path.join(dir, 'theirs.tar')];
		await saveTo(ours, transfers, [reference], 'docker-archive');
		await podman.run('save', '--quiet', '--format', 'docker-archive', '--output', theirs, reference);
		const names = async (file: string) => (await runProgram('tar', ['-tf', file])).split('\n');
		expect((await names(ours)).sort()).toEqual((await names(theirs)).sort());
		const content = async (file: string, name: string) => await runProgram('tar', ['-xOf', file, name]);
		for (const name of ['manifest.json', 'repositories', `${image.imageId}.json`]) {
			expect(await content(ours, name)).toBe(await content(theirs, name));
		}
		expect(readFileSync(ours).subarray(0, 512)).toEqual(readFileSync(theirs).subarray(0, 512));
	});

	test.each(['docker-archive', 'oci-archive'] as const)(
		'podman and skopeo take a %s of ours',
		async (format) => {
			const { podman, transfers } = await setUp([registry.host]);
			await completed(transfers.pull({ image: reference }));
			const file = path.join(dir, `taken-${format}.tar`);
			await saveTo(file, transfers, [reference], format);
			const other = newPodman();
			await other.load(file);
			expect((await other.inspect(reference)).Id).toBe(image.imageId);
			expect((await other.inspect(reference)).RootFS).toEqual((await podman.inspect(reference)).RootFS);
			expect(await other.runContainer(reference, ['sh', '-c', 'echo it runs'])).toBe('it runs\n');
			await skopeoCopy(`${format}:${file}`, `docker://${registry.host}/from-${format}:1`);
			const again = newPodman();
			expect(await again.pull(`${registry.host}/from-${format}:1`)).toBe(image.imageId);
		},
	);

	test.each(['docker-archive', 'oci-archive'] as const)(
		'a %s of Podman loads as in Podman',
		async (format) => {
			// Podman 4.3 cannot read back sparse files that it unpacked itself; there are none in this one.
			const plain = smallImage(`plain-${format}`);
			await registry.push('plain', format, plain);
			const plainReference = `${registry.host}/plain:${format}`;
			const maker = newPodman();
			await maker.pull(plainReference);
			const file = path.join(dir, `podmans-${format}.tar`);
			await maker.run('save', '--quiet', '--format', format, '--output', file, plainReference);
			const { podman, load } = await setUp();
			const done = await load(file);
			expect(done).toMatchObject({ imageId: plain.imageId, names: [plainReference], upToDate: false });
			const theirs = newPodman();
			await theirs.load(file);
			const [{ GraphDriver: _a, ...ours }, { GraphDriver: _b, ...their }] = [
				await podman.inspect(plainReference),
				await theirs.inspect(plainReference),
			];
			expect(ours).toEqual(their);
			expect(ours.Digest).toBe(done.manifestDigest);
			expect(await podman.checkStore()).toEqual([plain.imageId]);
			expect(await load(file)).toMatchObject({ upToDate: true });
		},
	);

	test('several images go into one archive, which Podman loads whole', async () => {
		const second = smallImage('second');
		await registry.push('second', '1', second);
		const { podman, transfers } = await setUp([registry.host]);
		const names = [reference, `${registry.host}/second:1`];
		for (const name of names) await completed(transfers.pull({ image: name }));
		const file = path.join(dir, 'several.tar');
		await saveTo(file, transfers, names, 'docker-archive');
		const other = newPodman();
		await other.load(file);
		expect((await other.images()).map(({ Id }) => Id).sort()).toEqual([image.imageId, second.imageId].sort());
		await podman.rmi('--all');
		for await (const _ of transfers.load({}, createReadStream(file)));
		expect((await podman.images()).flatMap(({ Names }) => Names ?? []).sort()).toEqual([...names].sort());
	});

	test('an image built by Podman and a layout of umoci load, run and go on', async () => {
		const { podman, transfers, load } = await setUp([registry.host]);
		await completed(transfers.pull({ image: reference }));
		await podman.run('tag', reference, 'localhost/base:1');
		const container = (await podman.run('create', '--network=none', 'localhost/base:1', 'sh')).trim();
		await podman.run('commit', '--quiet', container, 'localhost/made:1');
		await podman.run('rm', container);
		const file = path.join(dir, 'made.tar');
		await saveTo(file, transfers, ['localhost/made:1'], 'oci-archive');
		const pushed = await completed(
			transfers.push({ image: 'localhost/made:1', destination: `${registry.host}/made:1` }),
		);
		const other = newPodman();
		expect(await other.pull(`${registry.host}/made:1`)).toBe(pushed.imageId);

		const layout = path.join(dir, 'layout');
		await skopeoCopy(`oci-archive:${file}`, `oci:${layout}:made`);
		await runProgram('umoci', ['config', '--image', `${layout}:made`, '--config.user', '7']);
		const packed = path.join(dir, 'umoci.tar');
		await runProgram('tar', ['-C', layout, '-cf', packed, '.']);
		const done = await load(packed);
		expect(done.names).toEqual(['localhost/made:latest']);
		expect(await podman.runContainer(done.imageId, ['id', '-u'])).toBe('7\n');
	});
});
