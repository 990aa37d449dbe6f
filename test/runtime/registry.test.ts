import { createHash, randomBytes } from 'node:crypto';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import type { AuthConfig } from '../../src/cri/model.ts';
import type { Descriptor, Repository } from '../../src/runtime/image/model.ts';
import { openRegistries } from '../../src/runtime/image/registries/open-registries.ts';
import { runProgram } from '../helpers/child-process.ts';
import { type Registry, registryPassword, registryUser, startRegistry } from '../helpers/registry.ts';
import { makeTlsFiles, type TlsFiles } from '../helpers/registry-tls.ts';
import { startTokenServer, type TokenServer } from '../helpers/registry-token.ts';
import { whatIsMissing } from '../helpers/requires.ts';
import { tempDir } from '../helpers/temp-dir.ts';

const missing = whatIsMissing('docker-registry', 'openssl');
const login: AuthConfig = { username: registryUser, password: registryPassword };

const digestOf = (bytes: Buffer) => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

function descriptor(bytes: Buffer): Descriptor {
	const mediaType = 'application/vnd.oci.image.layer.v1.tar';
	return { mediaType, digest: digestOf(bytes), sizeBytes: bytes.length, annotations: {}, urls: [] };
}

/** Registries of a machine whose configuration is `conf`, and nothing else. */
function open(
	conf: string,
	options: { readonly certsDir?: string; readonly env?: Record<string, string>; readonly dir?: string } = {},
) {
	const dir = options.dir ?? tempDir();
	writeFileSync(path.join(dir, 'registries.conf'), conf);
	const registries = openRegistries({
		registriesConf: path.join(dir, 'registries.conf'),
		registriesConfDir: path.join(dir, 'none'),
		certsDirs: options.certsDir === undefined ? [] : [options.certsDir],
		env: { HOME: dir, XDG_RUNTIME_DIR: dir, ...options.env },
		log: { info: () => undefined, warning: () => undefined },
		patience: {
			connectTimeoutMs: 5000,
			idleTimeoutMs: 5000,
			rateLimit: { tries: 5, firstMs: 1, longestMs: 10 },
			failure: { tries: 3, firstMs: 1, longestMs: 10 },
		},
	});
	if (options.dir === undefined) onTestFinished(() => registries[Symbol.dispose]());
	return {
		dir,
		source: async (image: string, auth?: AuthConfig): Promise<Repository> => {
			const [candidate] = await registries.pullCandidates(image, { auth });
			const last = candidate?.sources.at(-1);
			if (last === undefined) throw new Error('no source');
			return last;
		},
		target: async (image: string, auth?: AuthConfig): Promise<Repository> =>
			(await registries.pushTarget(image, { auth })).repository,
	};
}

async function upload(to: Repository, bytes: Buffer, sizeBytes: number | undefined = bytes.length) {
	const parts = Array.from({ length: Math.ceil(bytes.length / 50_000) }, (_, index) =>
		bytes.subarray(index * 50_000, (index + 1) * 50_000),
	);
	return to.uploadBlob(async () => ({
		body: Readable.from(parts),
		digest: () => digestOf(bytes),
		sizeBytes,
	}));
}

async function bytesOf(from: Repository, blob: Descriptor, offset = 0): Promise<Buffer> {
	const stream = await from.blob(blob, offset);
	expect(stream.offset).toBe(offset);
	return Buffer.concat(await (stream.body as unknown as Readable).toArray());
}

/** Pushes a whole image. */
async function pushImage(to: Repository, tag: string): Promise<Buffer> {
	const layer = randomBytes(2_500_000);
	const config = Buffer.from('{}');
	await upload(to, layer);
	await upload(to, config);
	const mediaType = 'application/vnd.oci.image.manifest.v1+json';
	const bytes = Buffer.from(
		JSON.stringify({
			schemaVersion: 2,
			mediaType,
			config: { ...descriptor(config), mediaType: 'application/vnd.oci.image.config.v1+json', size: 2 },
			layers: [{ ...descriptor(layer), size: layer.length }],
		}),
	);
	await to.putManifest(tag, { bytes, digest: digestOf(bytes), mediaType });
	return layer;
}

const insecure = (host: string) => `[[registry]]\nlocation = "${host}"\ninsecure = true\n`;

describe.skipIf(missing)(`a registry${missing ?? ''}`, () => {
	let dir: string;
	const running: { stop(): Promise<void> }[] = [];
	const keep = <T extends { stop(): Promise<void> }>(one: T): T => {
		running.push(one);
		return one;
	};
	beforeAll(() => {
		dir = mkdtempSync(path.join(os.tmpdir(), 'criscope-registry-'));
	});
	afterAll(async () => {
		await Promise.all(running.map((one) => one.stop()));
		rmSync(dir, { recursive: true, force: true });
	});

	describe('over plain HTTP', () => {
		let registry: Registry;
		beforeAll(async () => {
			registry = keep(await startRegistry({ dir: path.join(dir, 'plain') }));
		});

		test('takes and gives blobs and manifests, whole and in part', async () => {
			const { source, target } = open(insecure(registry.host));
			const image = `${registry.host}/plain/app-${Date.now()}:1`;
			const to = await target(image);
			const layer = await pushImage(to, '1');
			const from = await source(image);
			const manifest = await from.manifest('1');
			expect(manifest.digest).toBe(digestOf(manifest.bytes));
			expect((await from.manifest(manifest.digest)).bytes).toEqual(manifest.bytes);
			expect(manifest.mediaType).toBe('application/vnd.oci.image.manifest.v1+json');
			expect(digestOf(await bytesOf(from, descriptor(layer)))).toBe(digestOf(layer));
			expect(digestOf(await bytesOf(from, descriptor(layer), 2_000_000))).toBe(
				digestOf(layer.subarray(2_000_000)),
			);
			expect((await from.blob(descriptor(layer), 0)).totalBytes).toBe(layer.length);
			// More than there is: from the beginning.
			const again = await from.blob(descriptor(layer), layer.length + 5);
			expect(again.offset).toBe(0);
			again.body.destroy();
			expect(await to.hasBlob(digestOf(layer))).toBe(true);
			expect(await to.hasBlob(digestOf(Buffer.from('other')))).toBe(false);
		});

		test('takes a blob whose size nobody knows, and mounts one from another repository', async () => {
			const { target } = open(insecure(registry.host));
			const stamp = Date.now();
			const to = await target(`${registry.host}/plain/unsized-${stamp}`);
			const bytes = randomBytes(3_000_001);
			const sent: number[] = [];
			const digest = await to.uploadBlob(
				async () => ({
					body: Readable.from([bytes.subarray(0, 7), bytes.subarray(7)]),
					digest: () => digestOf(bytes),
					sizeBytes: undefined,
				}),
				{ onProgress: (sum) => sent.push(sum) },
			);
			expect(digest).toBe(digestOf(bytes));
			expect(sent).toEqual([7, bytes.length]);
			const other = await target(`${registry.host}/plain/mounted-${stamp}`);
			expect(await other.hasBlob(digest)).toBe(false);
			expect(await other.mountBlob(digest, `plain/unsized-${stamp}`)).toBe(true);
			expect(await other.hasBlob(digest)).toBe(true);
			expect(await other.mountBlob(digestOf(Buffer.from('nowhere')), `plain/unsized-${stamp}`)).toBe(false);
		});

		test('takes a blob in pieces where a proxy before it refuses the whole', async () => {
			const proxy = createServer((request, response) => {
				if (Number(request.headers['content-length'] ?? 0) > 9 << 20) {
					response.writeHead(413, { connection: 'close' }).end();
					return;
				}
				const { url: path, method, headers } = request;
				const [hostname, port] = registry.host.split(':');
				const onward = httpRequest({ hostname, port, path, method, headers }, (answer) => {
					response.writeHead(answer.statusCode ?? 500, answer.headers);
					answer.pipe(response);
				});
				request.pipe(onward);
			});
			await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
			onTestFinished(() => void proxy.close());
			const address = proxy.address();
			const host = `127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
			const bytes = randomBytes((20 << 20) + 17);
			const to = await open(insecure(host)).target(`${host}/plain/pieces-${Date.now()}`);
			expect(await upload(to, bytes)).toBe(digestOf(bytes));
			expect(digestOf(await bytesOf(to, descriptor(bytes)))).toBe(digestOf(bytes));
		});

		test('says in words what it does not have, and what was pushed wrong', async () => {
			const { source, target } = open(insecure(registry.host));
			const from = await source(`${registry.host}/plain/none:1`);
			await expect(from.manifest('1')).rejects.toMatchObject({
				kind: 'notFound',
				status: 404,
				message: expect.stringContaining(
					`cannot read manifest "${registry.host}/plain/none:1": manifest unknown`,
				),
			});
			await expect(from.blob(descriptor(Buffer.from('x')), 0)).rejects.toMatchObject({ kind: 'notFound' });
			const to = await target(`${registry.host}/plain/wrong`);
			const lie = to.uploadBlob(async () => ({
				body: Readable.from([Buffer.from('these bytes')]),
				digest: () => digestOf(Buffer.from('other bytes')),
				sizeBytes: 11,
			}));
			await expect(lie).rejects.toThrow(/digest invalid/);
			const broken = to.uploadBlob(async () => ({
				body: new Readable({
					read() {
						this.destroy(new Error('layer is damaged'));
					},
				}),
				digest: () => 'sha256:',
				sizeBytes: undefined,
			}));
			await expect(broken).rejects.toThrow('layer is damaged');
		});

		test('is not spoken to in plain HTTP unless it is said to be insecure', async () => {
			const { source } = open('');
			const from = await source(`${registry.host}/plain/app:1`);
			await expect(from.manifest('1')).rejects.toMatchObject({
				kind: 'unreachable',
				message: expect.stringContaining('server gave HTTP response to HTTPS client'),
			});
		});

		test('is reached through a proxy where the environment names one', async () => {
			const asked: string[] = [];
			const proxy = createServer((request, response) => {
				asked.push(request.url ?? '');
				response.writeHead(404).end();
			});
			proxy.on('connect', (request, socket) => {
				asked.push(`CONNECT ${request.url}`);
				const upstream = connect(Number(registry.host.split(':')[1]), '127.0.0.1', () => {
					socket.write('HTTP/1.1 200 OK\r\n\r\n');
					upstream.pipe(socket).pipe(upstream);
				});
				for (const one of [upstream, socket]) one.on('error', () => undefined);
			});
			await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
			onTestFinished(() => void proxy.close());
			const address = proxy.address();
			const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
			const env = { HTTP_PROXY: url, HTTPS_PROXY: url, NO_PROXY: '.direct.test' };
			const { source } = open(insecure('registry.test:5000'), { env });
			await expect((await source('registry.test:5000/x:1')).manifest('1')).rejects.toMatchObject({
				kind: 'notFound',
			});
			expect(asked[0]).toBe('CONNECT registry.test:5000');
			expect(asked).toContain('http://registry.test:5000/v2/x/manifests/1');
		});
	});

	describe('over TLS', () => {
		let registry: Registry;
		let strict: Registry;
		let files: TlsFiles;
		beforeAll(async () => {
			files = await makeTlsFiles(path.join(dir, 'tls'));
			const { certificate, key } = files.server;
			registry = keep(
				await startRegistry({
					dir: path.join(dir, 'tls-a'),
					config: { http: { tls: { certificate, key } } },
				}),
			);
			strict = keep(
				await startRegistry({
					dir: path.join(dir, 'tls-b'),
					config: { http: { tls: { certificate, key, clientcas: [files.authority] } } },
				}),
			);
		});

		function certsFor(host: string, names: Readonly<Record<string, string>>): string {
			const certsDir = tempDir();
			mkdirSync(path.join(certsDir, host));
			for (const [name, from] of Object.entries(names)) copyFileSync(from, path.join(certsDir, host, name));
			return certsDir;
		}

		test('is trusted by the authority in certs.d, and only by it', async () => {
			const image = `${registry.host}/tls/app-${Date.now()}:1`;
			const trusting = open('', { certsDir: certsFor(registry.host, { 'ca.crt': files.authority }) });
			const layer = await pushImage(await trusting.target(image), '1');
			expect(digestOf(await bytesOf(await trusting.source(image), descriptor(layer)))).toBe(digestOf(layer));
			const stranger = await open('').source(image);
			await expect(stranger.manifest('1')).rejects.toMatchObject({
				kind: 'certificate',
				message: expect.stringMatching(/x509: .*certificate/),
			});
			const careless = await open(insecure(registry.host)).source(image);
			expect((await careless.manifest('1')).bytes.length).toBeGreaterThan(0);
		});

		test('is told who we are by the pair in certs.d', async () => {
			const names = {
				'ca.crt': files.authority,
				'me.cert': files.client.certificate,
				'me.key': files.client.key,
			};
			const known = open('', { certsDir: certsFor(strict.host, names) });
			await pushImage(await known.target(`${strict.host}/tls/known`), '1');
			const unknown = open('', { certsDir: certsFor(strict.host, { 'ca.crt': files.authority }) });
			await expect((await unknown.source(`${strict.host}/tls/known`)).manifest('1')).rejects.toThrow(
				/certificate/,
			);
			const half = open('', { certsDir: certsFor(strict.host, { 'me.cert': files.client.certificate }) });
			await expect((await half.source(`${strict.host}/tls/known`)).manifest('1')).rejects.toThrow('me.key');
		});
	});

	describe('with a password', () => {
		let registry: Registry;
		beforeAll(async () => {
			registry = keep(await startRegistry({ dir: path.join(dir, 'basic'), authenticated: true }));
		});

		test('takes the caller’s login, or the one of the files', async () => {
			const { source, target, dir: home } = open(insecure(registry.host));
			const image = `${registry.host}/basic/app:1`;
			await pushImage(await target(image, login), '1');
			const encoded = Buffer.from(`${registryUser}:${registryPassword}`).toString('base64');
			expect((await (await source(image, { auth: encoded })).manifest('1')).digest).toMatch(/^sha256:/);
			await expect((await source(image)).manifest('1')).rejects.toMatchObject({
				kind: 'unauthorized',
				status: 401,
			});
			await expect((await source(image, { ...login, password: 'wrong' })).manifest('1')).rejects.toThrow(
				/unauthorized/,
			);
			mkdirSync(path.join(home, 'containers'));
			const auths = { [`${registry.host}/basic`]: { auth: encoded }, [registry.host]: { auth: 'bm86bm8=' } };
			writeFileSync(path.join(home, 'containers/auth.json'), JSON.stringify({ auths }));
			expect((await (await source(image)).manifest('1')).digest).toMatch(/^sha256:/);
		});
	});

	describe.skipIf(whatIsMissing('root', 'skopeo'))('as skopeo sees it', () => {
		let registry: Registry;
		beforeAll(async () => {
			registry = keep(await startRegistry({ dir: path.join(dir, 'skopeo'), authenticated: true }));
		});

		test('has the same credentials, locations and mirrors', async () => {
			const conf = `
[[registry]]
prefix = "example.test/team"
location = "${registry.host}/moved/to"
insecure = true
[[registry.mirror]]
location = "127.0.0.1:1/nobody"
insecure = true
[[registry]]
location = "blocked.test"
blocked = true
`;
			const { source, dir: home } = open(`${conf}${insecure(registry.host)}`);
			const authFile = path.join(home, 'containers/auth.json');
			await runProgram('skopeo', [
				...['login', '--tls-verify=false', '--authfile', authFile],
				...['-u', registryUser, '-p', registryPassword, registry.host],
			]);
			const { target } = open(insecure(registry.host));
			await pushImage(await target(`${registry.host}/moved/to/app`, login), '1');
			const raw = await runProgram('skopeo', [
				...['--registries-conf', path.join(home, 'registries.conf')],
				...['inspect', '--raw', '--authfile', authFile, 'docker://example.test/team/app:1'],
			]);
			const found = await (await source('example.test/team/app:1')).manifest('1');
			expect(found.bytes.toString()).toBe(raw);
			await expect(source('blocked.test/to/app:1')).rejects.toThrow('blocked');
			const same = runProgram('skopeo', [
				...['--registries-conf', path.join(home, 'registries.conf')],
				...['inspect', '--raw', '--authfile', authFile, 'docker://blocked.test/to/app:1'],
			]);
			await expect(same).rejects.toThrow('blocked');
		});
	});

	describe('with tokens', () => {
		let registry: Registry;
		let tokens: TokenServer;
		beforeAll(async () => {
			tokens = keep(await startTokenServer(path.join(dir, 'token')));
			registry = keep(
				await startRegistry({ dir: path.join(dir, 'token-registry'), config: { auth: tokens.auth } }),
			);
			const before = open(insecure(registry.host), { dir });
			await pushImage(await before.target(`${registry.host}/public/app`, login), '1');
			await pushImage(await before.target(`${registry.host}/private/app`, login), '1');
		});
		const targetOf = async (name: string) =>
			open(insecure(registry.host)).target(`${registry.host}/${name}`, login);

		test('lets anybody pull what is public, with one token for all requests', async () => {
			const from = await open(insecure(registry.host)).source(`${registry.host}/public/app:1`);
			const before = tokens.questions.length;
			await Promise.all([from.manifest('1'), from.manifest('1'), from.manifest('1')]);
			await from.manifest('1');
			expect(tokens.questions.slice(before)).toEqual([
				{
					method: 'GET',
					scopes: ['repository:public/app:pull'],
					account: undefined,
					authorization: undefined,
					grantType: undefined,
				},
			]);
		});

		test('wants a login for what is private: password or identity token', async () => {
			const { source } = open(insecure(registry.host));
			const image = `${registry.host}/private/app:1`;
			await expect((await source(image)).manifest('1')).rejects.toMatchObject({ kind: 'unauthorized' });
			await expect((await source(image, { ...login, password: 'no' })).manifest('1')).rejects.toThrow(
				/cannot log in to .*incorrect username or password/,
			);
			expect((await (await source(image, login)).manifest('1')).digest).toMatch(/^sha256:/);
			expect(tokens.questions.at(-1)).toMatchObject({ method: 'GET', account: registryUser });
			const { identityToken } = tokens;
			expect((await (await source(image, { identityToken })).manifest('1')).digest).toMatch(/^sha256:/);
			expect(tokens.questions.at(-1)).toMatchObject({
				method: 'POST',
				grantType: 'refresh_token',
				scopes: ['repository:private/app:pull'],
				authorization: undefined,
			});
		});

		test('is asked for a new token once the old one ends, and patiently', async () => {
			tokens.lifeSeconds = 0.01;
			onTestFinished(() => {
				tokens.lifeSeconds = 300;
			});
			const from = await open(insecure(registry.host)).source(`${registry.host}/public/app:1`);
			const before = tokens.questions.length;
			await from.manifest('1').catch(() => undefined);
			tokens.lifeSeconds = 300;
			tokens.faults.push({ status: 429, headers: { 'retry-after': '0' } }, { status: 503, headers: {} });
			expect((await from.manifest('1')).digest).toMatch(/^sha256:/);
			expect(tokens.questions.length - before).toBeGreaterThanOrEqual(4);
		});

		test('is shown both repositories when a blob is mounted', async () => {
			const blob = descriptor(Buffer.from('{}')).digest;
			const to = await targetOf(`private/mounted-${Date.now()}`);
			expect(await to.mountBlob(blob, 'private/app')).toBe(true);
			expect(tokens.questions.at(-1)?.scopes).toContain('repository:private/app:pull');
		});
	});
});
