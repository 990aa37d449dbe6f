import { mkdtempSync, rmSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import type { TransferEvent } from '../../src/cri/image-transfer.ts';
import { startFakeRegistry } from '../fakes/registry.ts';
import { completed, openImageRuntime } from '../helpers/image-runtime.ts';
import { openPodman, podmanRequirements } from '../helpers/podman.ts';
import { type Registry, startRegistry } from '../helpers/registry.ts';
import { whatIsMissing } from '../helpers/requires.ts';
import { skopeoCopy, skopeoDigest } from '../helpers/skopeo.ts';
import { oddImage, smallImage } from '../helpers/stock-images.ts';

const missing = whatIsMissing(...podmanRequirements, 'docker-registry', 'skopeo');

async function setUp(insecure: readonly string[]) {
	const podman = openPodman();
	onTestFinished(() => podman.stop());
	const { dir, graphRoot, runRoot } = podman;
	const runtime = await openImageRuntime({ dir, graphRoot, runRoot, insecure });
	onTestFinished(() => runtime[Symbol.asyncDispose]());
	return { podman, ...runtime };
}

/** The last state of every layer, base first, and the end. */
async function statesOf(events: AsyncIterable<TransferEvent>) {
	const states: string[] = [];
	let manifestDigest = '';
	let upToDate = false;
	for await (const event of events) {
		if (event.kind === 'layer') states[event.layer.index] = event.layer.state;
		if (event.kind === 'completed') ({ manifestDigest, upToDate } = event);
	}
	return { states, manifestDigest, upToDate };
}

describe.skipIf(missing)(`push${missing ?? ''}`, () => {
	let registry: Registry;
	let other: Registry;
	let dir: string;

	beforeAll(async () => {
		dir = mkdtempSync('/var/tmp/criscope-push-');
		registry = await startRegistry({ dir: `${dir}/one` });
		other = await startRegistry({ dir: `${dir}/other` });
	});
	afterAll(async () => {
		await registry.stop();
		await other.stop();
		rmSync(dir, { recursive: true, force: true });
	});

	test('what the registry has is not sent: present in the same repository, mounted into another', async () => {
		const image = oddImage();
		await registry.push('shop/one', '1', image);
		const { transfers } = await setUp([registry.host]);
		const reference = `${registry.host}/shop/one:1`;
		await completed(transfers.pull({ image: reference }));
		const again = await statesOf(
			transfers.push({ image: reference, destination: `${registry.host}/shop/one:2` }),
		);
		expect(new Set(again.states)).toEqual(new Set(['present']));
		expect(again).toMatchObject({ manifestDigest: image.manifestDigest, upToDate: true });
		const moved = await statesOf(
			transfers.push({ image: reference, destination: `${registry.host}/shop/two:1` }),
		);
		expect(new Set(moved.states)).toEqual(new Set(['mounted']));
		expect(await skopeoDigest(`${registry.host}/shop/two:1`)).toBe(image.manifestDigest);
	});

	test.each(['oci', 'docker'] as const)(
		'into an empty registry layers are compressed anew, and come back as the same %s image',
		async (mediaTypes) => {
			const image = oddImage({ mediaTypes });
			await registry.push(`new/${mediaTypes}`, '1', image);
			const { podman, transfers } = await setUp([registry.host, other.host]);
			const reference = `${registry.host}/new/${mediaTypes}:1`;
			await completed(transfers.pull({ image: reference }));
			const destination = `${other.host}/new/${mediaTypes}:1`;
			const pushed = await statesOf(transfers.push({ image: reference, destination }));
			expect(new Set(pushed.states)).toEqual(new Set(['done']));
			expect(await skopeoDigest(destination)).toBe(pushed.manifestDigest);
			const fresh = openPodman();
			onTestFinished(() => fresh.stop());
			expect(await fresh.pull(destination)).toBe(image.imageId);
			const [ours, theirs] = [await podman.inspect(reference), await fresh.inspect(destination)];
			expect(theirs.ManifestType).toBe(ours.ManifestType);
			expect(theirs.RootFS).toEqual(ours.RootFS);
			// Again nothing has to be sent: the same compression gives the same blobs.
			const twice = await statesOf(transfers.push({ image: reference, destination }));
			expect(twice.manifestDigest).toBe(pushed.manifestDigest);
		},
	);

	test('zstd makes an OCI manifest of a docker one, and other formats are made on request', async () => {
		const image = smallImage('zstd', { mediaTypes: 'docker' });
		await registry.push('to-zstd', '1', image);
		const { transfers } = await setUp([registry.host, other.host]);
		const reference = `${registry.host}/to-zstd:1`;
		await completed(transfers.pull({ image: reference }));
		await completed(
			transfers.push({ image: reference, destination: `${other.host}/as-zstd:1`, compression: 'zstd' }),
		);
		await completed(
			transfers.push({ image: reference, destination: `${other.host}/as-oci:1`, format: 'oci' }),
		);
		const fresh = openPodman();
		onTestFinished(() => fresh.stop());
		for (const name of ['as-zstd', 'as-oci']) {
			expect(await fresh.pull(`${other.host}/${name}:1`)).toBe(image.imageId);
			expect((await fresh.inspect(`${other.host}/${name}:1`)).ManifestType).toContain('oci');
		}
		await expect(
			completed(
				transfers.push({
					image: reference,
					destination: `${other.host}/no:1`,
					format: 'docker',
					compression: 'zstd',
				}),
			),
		).rejects.toThrow('cannot have layers compressed with zstd');
	});

	test('podman push and skopeo copy of our image give the manifests they give of one Podman pulled', async () => {
		// Podman 4.3 cannot read back sparse files that it unpacked itself; there are none in this one.
		const image = smallImage('theirs');
		await registry.push('theirs', '1', image);
		const reference = `${registry.host}/theirs:1`;
		const { podman, transfers } = await setUp([registry.host]);
		await completed(transfers.pull({ image: reference }));
		const theirs = openPodman();
		onTestFinished(() => theirs.stop());
		await theirs.pull(reference);
		await podman.push(reference, `${other.host}/by-podman/ours:1`);
		await theirs.push(reference, `${other.host}/by-podman/theirs:1`);
		expect(await skopeoDigest(`${other.host}/by-podman/ours:1`)).toBe(
			await skopeoDigest(`${other.host}/by-podman/theirs:1`),
		);
		for (const [who, { env, graphRoot, runRoot }] of [
			['ours', podman],
			['theirs', theirs],
		] as const) {
			const from = `containers-storage:[overlay@${graphRoot}+${runRoot}]${reference}`;
			await skopeoCopy(from, `docker://${other.host}/by-skopeo/${who}:1`, { env });
		}
		expect(await skopeoDigest(`${other.host}/by-skopeo/ours:1`)).toBe(
			await skopeoDigest(`${other.host}/by-skopeo/theirs:1`),
		);
	});

	test('an image that Podman pulled is pushed by us, manifest and all', async () => {
		const image = smallImage('podmans');
		await registry.push('podmans', '1', image);
		const { podman, transfers } = await setUp([registry.host]);
		await podman.pull(`${registry.host}/podmans:1`);
		const pushed = await completed(
			transfers.push({ image: image.imageId, destination: `${registry.host}/podmans:copy` }),
		);
		expect(pushed).toMatchObject({ manifestDigest: image.manifestDigest, upToDate: true });
	});

	test('an upload that breaks is made anew; what is wrong is told', async () => {
		const image = smallImage('breaks');
		await registry.push('breaks', '1', image);
		const fake = await startFakeRegistry();
		onTestFinished(() => fake.stop());
		const { transfers } = await setUp([registry.host, fake.host]);
		const reference = `${registry.host}/breaks:1`;
		await completed(transfers.pull({ image: reference }));
		fake.fault({ on: 'upload', times: 1, method: 'PATCH', fault: { kind: 'drop', afterBytes: 1 } });
		const done = await completed(transfers.push({ image: reference, destination: `${fake.host}/x:1` }));
		expect(fake.manifest('x', '1')).toBeDefined();
		expect(done.upToDate).toBe(false);
		await expect(completed(transfers.push({ image: image.imageId }))).rejects.toThrow('name a destination');
		await expect(completed(transfers.push({ image: 'nope:1' }))).rejects.toMatchObject({ code: 'notFound' });
	});
});
