/** `criscope serve` as a kubelet and crictl use it: every RPC of images, through our client and an independent one. */
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { isAbort } from '../../src/cri/errors.ts';
import type { TransferEvent } from '../../src/cri/image-transfer.ts';
import { type FakeRegistry, startFakeRegistry } from '../fakes/registry.ts';
import { runProgram } from '../helpers/child-process.ts';
import { type Registry, registryPassword, registryUser, startRegistry } from '../helpers/registry.ts';
import { whatIsMissing } from '../helpers/requires.ts';
import { type Serve, startServe } from '../helpers/serve.ts';
import { smallImage } from '../helpers/stock-images.ts';

const missing = whatIsMissing('root', 'docker-registry', '/bin/busybox');
/** Where a real crictl may lie; its tests are an extra. */
const crictl = ['/usr/local/bin/crictl', '/usr/bin/crictl', '/tmp/tools/crictl'].find((file) =>
	existsSync(file),
);

type WireImage = { id: string; repo_tags: string[]; repo_digests: string[]; size: string };

describe.skipIf(missing)(`criscope serve${missing ?? ''}`, () => {
	let dir: string;
	let registry: Registry;
	let closed: Registry;
	let slow: FakeRegistry;
	let serve: Serve;

	beforeAll(async () => {
		dir = mkdtempSync('/var/tmp/criscope-serve-');
		registry = await startRegistry({ dir: path.join(dir, 'registry') });
		closed = await startRegistry({ dir: path.join(dir, 'closed'), authenticated: true });
		slow = await startFakeRegistry();
		serve = await startServe({
			dir: path.join(dir, 'serve'),
			insecureHosts: [registry.host, closed.host, slow.host],
		});
	});
	afterAll(async () => {
		expect(await serve?.stop()).toBe(0);
		await registry?.stop();
		await closed?.stop();
		await slow?.[Symbol.asyncDispose]();
		rmSync(dir, { recursive: true, force: true });
	});

	let count = 0;
	/** An image that no test has had before, in the registry. */
	async function fresh(word: string) {
		count += 1;
		const name = `${word}-${count}-${process.pid}`;
		const image = smallImage(name);
		await registry.push(name, '1', image);
		return { ...image, repository: `${registry.host}/${name}`, reference: `${registry.host}/${name}:1` };
	}
	const status = async (image: string, verbose = false) =>
		serve.cri.image<{ image: WireImage | null; info: Record<string, string> }>('ImageStatus', {
			image: { image },
			verbose,
		});
	const listed = async (filter?: object) =>
		(await serve.cri.image<{ images: WireImage[] }>('ListImages', { filter })).images;

	test('says who it is, and that it runs pods', async () => {
		expect(await serve.cri.runtime('Version')).toMatchObject({
			version: '0.1.0',
			runtime_name: 'criscope',
			runtime_version: expect.stringMatching(/^\d+\.\d+\.\d+/),
			runtime_api_version: 'v1',
		});
		const { status: told } = await serve.cri.runtime<{ status: { conditions: object[] } }>('Status');
		expect(told.conditions).toMatchObject([
			{ type: 'RuntimeReady', status: true },
			{ type: 'NetworkReady', status: true },
		]);
		expect(await serve.cri.runtime('ListContainers')).toMatchObject({ containers: [] });
		expect(await serve.cri.runtime('RuntimeConfig')).toMatchObject({ linux: { cgroup_driver: 'CGROUPFS' } });
		await expect(serve.cri.runtime('RunPodSandbox', {})).rejects.toThrow(
			/3 INVALID_ARGUMENT.*config is missing/,
		);
	});

	test('its socket is for root and its group, in a folder that lets them through', () => {
		const { mode, uid } = statSync(path.join(serve.dir, 'criscope.sock'));
		expect([mode & 0o777, uid]).toEqual([0o660, 0]);
	});

	test('pulls, lists, inspects by every kind of name, and removes', async () => {
		const { reference, repository, imageId, manifestDigest } = await fresh('round');
		expect(await serve.cri.image('PullImage', { image: { image: reference } })).toEqual({
			image_ref: imageId,
		});
		const digested = `${repository}@${manifestDigest}`;
		const expected = { id: imageId, repo_tags: [reference], repo_digests: [digested] };
		for (const name of [reference, imageId, `sha256:${imageId}`, imageId.slice(0, 12), digested]) {
			expect((await status(name)).image, name).toMatchObject(expected);
			expect(await listed({ image: { image: name } }), name).toMatchObject([expected]);
		}
		expect(Number((await status(imageId)).image?.size)).toBeGreaterThan(1_000_000);
		const { info } = await status(reference, true);
		expect(JSON.parse(info['info'] ?? '')).toMatchObject({
			imageSpec: { os: 'linux', config: { Cmd: ['sh'] }, rootfs: { type: 'layers' } },
		});
		expect(await listed()).toContainEqual(expect.objectContaining(expected));
		const streamed = await Array.fromAsync(serve.client().images.streamImages());
		expect(streamed.map(({ id }) => id)).toContain(imageId);
		await serve.cri.image('RemoveImage', { image: { image: reference } });
		expect((await status(imageId)).image).toBeNull();
		await serve.cri.image('RemoveImage', { image: { image: reference } });
		await serve.cri.image('RemoveImage', { image: { image: '0'.repeat(64) } });
	});

	test('an image of several names goes with any of them, five times at once', async () => {
		const { reference, imageId, repository } = await fresh('names');
		await serve.cri.image('PullImage', { image: { image: reference } });
		await serve.client().transfers.tagImage({ image: reference, tag: `${repository}:2` });
		expect((await status(imageId)).image?.repo_tags.toSorted()).toEqual([
			`${repository}:1`,
			`${repository}:2`,
		]);
		await Promise.all(
			Array.from({ length: 5 }, () =>
				serve.cri.image('RemoveImage', { image: { image: `${repository}:2` } }),
			),
		);
		expect((await status(imageId)).image).toBeNull();
	});

	test('a pull by digest is known by just that digest', async () => {
		const { repository, manifestDigest, imageId } = await fresh('digest');
		const image = `${repository}@${manifestDigest}`;
		await serve.cri.image('PullImage', { image: { image } });
		expect((await status(image)).image).toMatchObject({ id: imageId, repo_tags: [], repo_digests: [image] });
	});

	test('questions without an image are mistakes, and unknown images are none', async () => {
		for (const rpc of ['ImageStatus', 'PullImage', 'RemoveImage']) {
			await expect(serve.cri.image(rpc, {}), rpc).rejects.toThrow(/3 INVALID_ARGUMENT/);
		}
		expect((await status('example.invalid/none:1')).image).toBeNull();
		expect(await listed({ image: { image: 'example.invalid/none:1' } })).toEqual([]);
	});

	test('measures the filesystem of images', async () => {
		const info = await serve.client().images.imageFsInfo();
		expect(info.imageFilesystems[0]?.mountpoint).toBe(path.join(serve.graphRoot, 'overlay-images'));
		expect(info.imageFilesystems[0]?.usedBytes).toBeGreaterThan(0n);
		expect(info.containerFilesystems).toHaveLength(1);
	});

	test('a registry that is away is told in the word a kubelet knows', async () => {
		const pulling = serve.cri.image('PullImage', { image: { image: '127.0.0.1:9/away:1' } });
		await expect(pulling).rejects.toThrow(/2 UNKNOWN: RegistryUnavailable: .*127\.0\.0\.1:9/);
	});

	test('an image is found by the alias that it was pulled by', async () => {
		const { reference, repository, imageId: id } = await fresh('aliased');
		const alias = `alias-${count}`;
		writeFileSync(
			path.join(serve.dir, 'registries.conf.d', `${alias}.conf`),
			`[aliases]\n"${alias}" = "${repository}"\n`,
		);
		await serve.cri.image('PullImage', { image: { image: `${alias}:1` } });
		expect((await status(`${alias}:1`)).image).toMatchObject({ id, repo_tags: [reference] });
		expect(await listed({ image: { image: `${alias}:1` } })).toMatchObject([{ id }]);
		const { transfers } = serve.client();
		await transfers.tagImage({ image: `${alias}:1`, tag: `${reference}-too` });
		await transfers.untagImage({ image: `${alias}:1`, tags: [`${alias}:1-too`] });
		await transfers.untagImage({ image: `${alias}:1`, tags: [`${alias}:1`] });
		expect((await status(id)).image).toMatchObject({ id, repo_tags: [] });
		await transfers.tagImage({ image: id, tag: reference });
		await serve.cri.image('RemoveImage', { image: { image: `${alias}:1` } });
		expect((await status(reference)).image).toBeNull();
	});

	test('what the policy refuses is told in the word a kubelet knows', async () => {
		const { reference } = await fresh('refused');
		const file = path.join(serve.dir, 'policy.json');
		const before = readFileSync(file, 'utf8');
		writeFileSync(file, '{"default":[{"type":"sigstoreSigned"}]}');
		try {
			await expect(serve.cri.image('PullImage', { image: { image: reference } })).rejects.toThrow(
				/2 UNKNOWN: SignatureValidationFailed: .*wants signatures \(sigstoreSigned, by default\)/,
			);
		} finally {
			writeFileSync(file, before);
		}
	});

	test('logs in with what the call brings, which the log never shows', async () => {
		const name = `secret-${process.pid}-${++count}`;
		await closed.push(name, '1', smallImage(name));
		const image = { image: `${closed.host}/${name}:1` };
		await expect(serve.cri.image('PullImage', { image })).rejects.toThrow(/unauthorized|login|credentials/i);
		const auth = { username: registryUser, password: registryPassword };
		expect(await serve.cri.image('PullImage', { image, auth })).toMatchObject({
			image_ref: expect.any(String),
		});
		expect(serve.log()).toContain(image.image);
		expect(serve.log()).not.toContain(registryPassword);
		expect(serve.log()).not.toContain(Buffer.from(`${registryUser}:${registryPassword}`).toString('base64'));
	});

	test('equal pulls at one time are one, and each caller hears its end', async () => {
		const name = `together-${process.pid}-${++count}`;
		const image = smallImage(name);
		await slow.push(name, '1', image);
		const reference = `${slow.host}/${name}:1`;
		const refs = await Promise.all([
			...Array.from({ length: 4 }, () => serve.cri.image('PullImage', { image: { image: reference } })),
			Array.fromAsync(serve.client().transfers.pullImage({ image: reference })),
		]);
		expect(refs.slice(0, 4)).toEqual(Array.from({ length: 4 }, () => ({ image_ref: image.imageId })));
		const events = refs[4] as TransferEvent[];
		expect(events.at(-1)).toMatchObject({ kind: 'completed', imageId: image.imageId });
		const blobs = slow.requests
			.filter(({ part, method, url }) => part === 'blob' && method === 'GET' && url.includes(name))
			.map(({ url }) => url);
		expect(blobs.length).toBeGreaterThan(0);
		expect(blobs).toEqual([...new Set(blobs)]);
	});

	test('a caller that gives up ends its pull and leaves nothing, and the next one works', async () => {
		const name = `given-up-${process.pid}-${++count}`;
		const image = smallImage(name);
		await slow.push(name, '1', image);
		const reference = `${slow.host}/${name}:1`;
		const heal = slow.fault({
			on: 'blob',
			where: name,
			method: 'GET',
			fault: { kind: 'stall', afterBytes: 1000 },
		});
		const controller = new AbortController();
		const pulling = Array.fromAsync(
			serve.client().transfers.pullImage({ image: reference }, { signal: controller.signal }),
		);
		const failing = expect(pulling).rejects.toSatisfy(isAbort);
		const asked = () => slow.requests.some(({ part, url }) => part === 'blob' && url.includes(name));
		await expect.poll(asked, { timeout: 20_000 }).toBe(true);
		controller.abort();
		await failing;
		expect((await status(reference)).image).toBeNull();
		await expect(
			serve.cri.image('PullImage', { image: { image: reference } }, { timeoutMs: 300 }),
		).rejects.toThrow(/4 DEADLINE_EXCEEDED/);
		heal();
		expect(await serve.cri.image('PullImage', { image: { image: reference } })).toEqual({
			image_ref: image.imageId,
		});
	});

	test('a deadline of a millisecond is exceeded, and the server goes on', async () => {
		const { reference } = await fresh('hurry');
		await expect(
			serve.cri.image('PullImage', { image: { image: reference } }, { timeoutMs: 1 }),
		).rejects.toThrow(/4 DEADLINE_EXCEEDED/);
		await serve.cri.runtime('Version');
	});

	test.skipIf(crictl === undefined)(
		`crictl pulls, lists, inspects and removes${crictl === undefined ? ' [skipped, missing: crictl]' : ''}`,
		async () => {
			const { reference, imageId } = await fresh('crictl');
			const run = (...args: string[]) =>
				runProgram(crictl ?? '', ['--runtime-endpoint', serve.endpoint, '--timeout', '10s', ...args]);
			expect(await run('pull', reference)).toContain(imageId);
			expect(await run('images', '--no-trunc')).toContain(imageId);
			expect(JSON.parse(await run('inspecti', reference))).toMatchObject({
				status: { id: imageId, repoTags: [reference] },
				info: { imageSpec: { os: 'linux' } },
			});
			expect(JSON.parse(await run('imagefsinfo'))).toMatchObject({ status: { imageFilesystems: [{}] } });
			await run('rmi', reference);
			expect(await run('images', '--quiet', '--no-trunc')).not.toContain(imageId);
		},
	);
});
