import { randomBytes } from 'node:crypto';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { type Registry, startRegistry } from '../helpers/registry.ts';
import {
	bytesOf,
	descriptor,
	digestOf,
	insecure,
	openFor,
	pushImage,
	upload,
} from '../helpers/registry-client.ts';
import { makeTlsFiles, type TlsFiles } from '../helpers/registry-tls.ts';
import { whatIsMissing } from '../helpers/requires.ts';
import { tempDir } from '../helpers/temp-dir.ts';

const missing = whatIsMissing('docker-registry', 'openssl');

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
			const { source, target } = openFor(insecure(registry.host));
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
			const { target } = openFor(insecure(registry.host));
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
			const to = await openFor(insecure(host)).target(`${host}/plain/pieces-${Date.now()}`);
			expect(await upload(to, bytes)).toBe(digestOf(bytes));
			expect(digestOf(await bytesOf(to, descriptor(bytes)))).toBe(digestOf(bytes));
		});

		test('says in words what it does not have, and what was pushed wrong', async () => {
			const { source, target } = openFor(insecure(registry.host));
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
			const { source } = openFor('');
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
			const { source } = openFor(insecure('registry.test:5000'), { env });
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
			const trusting = openFor('', { certsDir: certsFor(registry.host, { 'ca.crt': files.authority }) });
			const layer = await pushImage(await trusting.target(image), '1');
			expect(digestOf(await bytesOf(await trusting.source(image), descriptor(layer)))).toBe(digestOf(layer));
			const stranger = await openFor('').source(image);
			await expect(stranger.manifest('1')).rejects.toMatchObject({
				kind: 'certificate',
				message: expect.stringMatching(/x509: .*certificate/),
			});
			const careless = await openFor(insecure(registry.host)).source(image);
			expect((await careless.manifest('1')).bytes.length).toBeGreaterThan(0);
		});

		test('is told who we are by the pair in certs.d', async () => {
			const names = {
				'ca.crt': files.authority,
				'me.cert': files.client.certificate,
				'me.key': files.client.key,
			};
			const known = openFor('', { certsDir: certsFor(strict.host, names) });
			await pushImage(await known.target(`${strict.host}/tls/known`), '1');
			const unknown = openFor('', { certsDir: certsFor(strict.host, { 'ca.crt': files.authority }) });
			await expect((await unknown.source(`${strict.host}/tls/known`)).manifest('1')).rejects.toThrow(
				/certificate/,
			);
			const half = openFor('', { certsDir: certsFor(strict.host, { 'me.cert': files.client.certificate }) });
			await expect((await half.source(`${strict.host}/tls/known`)).manifest('1')).rejects.toThrow('me.key');
		});
	});
});
