import { mkdtempSync, rmSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type FakeRegistry, startFakeRegistry } from '../fakes/registry.ts';
import { type Registry, startRegistry } from '../helpers/registry.ts';
import { whatIsMissing } from '../helpers/requires.ts';
import { skopeo } from '../helpers/skopeo.ts';
import { tempDir } from '../helpers/temp-dir.ts';
import { buildVariedImage, digestOf, layerOf } from '../helpers/varied-images.ts';

const missing = whatIsMissing('root', 'docker-registry', 'skopeo');
const image = buildVariedImage({ layers: [layerOf([{ path: 'file', content: 'x'.repeat(5000) }])] });
const layer = image.blobs[1] as (typeof image.blobs)[number];

/** The fake, told no fault, answers as docker-registry does; told one, it does what it was told. */
describe.skipIf(missing)(`the fake registry${missing ?? ''}`, () => {
	let dir: string;
	let real: Registry;
	let fake: FakeRegistry;

	beforeAll(async () => {
		dir = mkdtempSync('/tmp/criscope-fake-registry-');
		real = await startRegistry({ dir });
		fake = await startFakeRegistry();
		for (const registry of [real, fake]) await registry.push('team/app', '1', image);
	});
	afterAll(async () => {
		await real.stop();
		await fake.stop();
		rmSync(dir, { recursive: true, force: true });
	});

	const seen = async (host: string, path: string, init: RequestInit = {}) => {
		const response = await fetch(`http://${host}${path}`, init);
		const names = ['content-type', 'content-length', 'content-range', 'docker-content-digest'];
		return {
			status: response.status,
			headers: names.map((name) => [name, response.headers.get(name)]),
			digest: response.status < 300 ? digestOf(Buffer.from(await response.arrayBuffer())) : '',
		};
	};

	test.each([
		['the ping', '/v2/', {}],
		['a manifest by tag', '/v2/team/app/manifests/1', { headers: { accept: image.mediaType } }],
		[
			'a manifest by digest',
			`/v2/team/app/manifests/${image.manifestDigest}`,
			{ headers: { accept: image.mediaType } },
		],
		[
			'a manifest, head only',
			'/v2/team/app/manifests/1',
			{ method: 'HEAD', headers: { accept: image.mediaType } },
		],
		['a blob', `/v2/team/app/blobs/${layer.digest}`, {}],
		['a blob, head only', `/v2/team/app/blobs/${layer.digest}`, { method: 'HEAD' }],
		['a part of a blob', `/v2/team/app/blobs/${layer.digest}`, { headers: { range: 'bytes=20-' } }],
	])('answers %s as the real one does', async (_, path, init) => {
		const [own, theirs] = [await seen(fake.host, path, init), await seen(real.host, path, init)];
		if (path === '/v2/') expect(own.status).toBe(theirs.status);
		else expect(own).toEqual(theirs);
	});

	test.each([
		['/v2/team/app/manifests/none', 404],
		[`/v2/team/app/blobs/sha256:${'1'.repeat(64)}`, 404],
	])('does not know %s', async (path, status) => {
		expect((await seen(fake.host, path)).status).toBe(status);
		expect((await seen(real.host, path)).status).toBe(status);
	});

	test('takes what skopeo pushes, and gives it back', async () => {
		const copy = (from: string, to: string) =>
			skopeo(['--insecure-policy', 'copy', '--src-tls-verify=false', '--dest-tls-verify=false', from, to]);
		await copy(`docker://${real.host}/team/app:1`, `docker://${fake.host}/copied/app:2`);
		expect(digestOf(fake.manifest('copied/app', '2') ?? Buffer.alloc(0))).toBe(image.manifestDigest);
		await copy(`docker://${fake.host}/copied/app:2`, `dir:${tempDir()}/out`);
	});

	test('misbehaves as often as it is told, and where', async () => {
		fake.fault({ on: 'blob', where: layer.digest, times: 1, fault: { kind: 'status', status: 503 } });
		fake.fault({ on: 'blob', where: layer.digest, times: 1, fault: { kind: 'drop', afterBytes: 10 } });
		fake.fault({ on: 'blob', where: layer.digest, times: 1, fault: { kind: 'corrupt', atByte: 3 } });
		fake.fault({ on: 'blob', where: layer.digest, times: 1, fault: { kind: 'truncate', afterBytes: 10 } });
		const path = `/v2/team/app/blobs/${layer.digest}`;
		expect((await seen(fake.host, path)).status).toBe(503);
		await expect(seen(fake.host, path)).rejects.toThrow();
		expect((await seen(fake.host, path)).digest).not.toBe(layer.digest);
		expect((await seen(fake.host, path)).digest).toBe(digestOf(layer.bytes.subarray(0, 10)));
		expect((await seen(fake.host, path)).digest).toBe(layer.digest);
		expect((await seen(fake.host, '/v2/team/app/manifests/1')).status).toBe(200);
	});
});
