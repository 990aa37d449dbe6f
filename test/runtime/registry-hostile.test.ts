import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { AuthConfig } from '../../src/cri/model.ts';
import type { Descriptor, Repository } from '../../src/runtime/image/model.ts';
import { openRegistries } from '../../src/runtime/image/registries/open-registries.ts';
import { testCertificate, testKey } from '../fakes/tls-certificate.ts';
import { tempDir } from '../helpers/temp-dir.ts';

type Handler = (request: IncomingMessage, response: ServerResponse) => unknown;

const digestOf = (bytes: string | Buffer) => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
const mediaType = 'application/vnd.oci.image.manifest.v1+json';
const manifest = JSON.stringify({ schemaVersion: 2, mediaType, config: {}, layers: [] });
const blob = Buffer.alloc(100_000, 'blob ');
const layer: Descriptor = {
	mediaType: 'application/vnd.oci.image.layer.v1.tar',
	digest: digestOf(blob),
	sizeBytes: blob.length,
	annotations: {},
	urls: [],
};

/** A server that does what the test says; `/v2/` is answered well where the handler returns nothing or false. */
async function serve(handler: Handler, { tls = false } = {}) {
	const seen: { method: string; url: string; headers: IncomingMessage['headers'] }[] = [];
	const listener: RequestListener = (request, response) => {
		seen.push({ method: request.method ?? '', url: request.url ?? '', headers: request.headers });
		if (!handler(request, response) && request.url === '/v2/' && !response.writableEnded) response.end();
	};
	const server = tls
		? createTlsServer({ cert: testCertificate, key: testKey }, listener)
		: createServer(listener);
	server.on('clientError', (_error, socket) => void socket.destroy());
	const connections = new Set<number>();
	server.on(
		tls ? 'secureConnection' : 'connection',
		(socket) => void connections.add(socket.remotePort ?? 0),
	);
	await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
	onTestFinished(() => {
		server.close();
		server.closeAllConnections();
	});
	const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
	return { host, seen, connections, asked: () => seen.filter(({ url }) => url !== '/v2/') };
}

/** Opens `host/app` for a test: every wait between tries is noted, not waited. */
async function open(
	host: string,
	options: { readonly tls?: boolean; readonly auth?: AuthConfig; readonly idleTimeoutMs?: number } = {},
) {
	const dir = tempDir();
	const waits: number[] = [];
	const certs = path.join(dir, 'certs.d');
	mkdirSync(path.join(certs, host), { recursive: true });
	writeFileSync(path.join(certs, host, 'ca.crt'), testCertificate);
	writeFileSync(
		path.join(dir, 'registries.conf'),
		options.tls ? '' : `[[registry]]\nlocation = "${host}"\ninsecure = true\n`,
	);
	const registries = openRegistries({
		registriesConf: path.join(dir, 'registries.conf'),
		registriesConfDir: path.join(dir, 'none'),
		certsDirs: [certs],
		env: { HOME: dir, XDG_RUNTIME_DIR: dir },
		log: { info: () => undefined, warning: () => undefined },
		patience: {
			connectTimeoutMs: 5000,
			idleTimeoutMs: options.idleTimeoutMs ?? 5000,
			rateLimit: { tries: 5, firstMs: 2000, longestMs: 60_000 },
			failure: { tries: 3, firstMs: 500, longestMs: 10_000 },
		},
		sleep: async (ms, { signal }) => {
			signal?.throwIfAborted();
			waits.push(ms);
		},
	});
	onTestFinished(() => registries[Symbol.dispose]());
	const [candidate] = await registries.pullCandidates(`${host}/app:1`, { auth: options.auth });
	const source = candidate?.sources[0] as Repository;
	const { repository: target } = await registries.pushTarget(`${host}/app:1`, { auth: options.auth });
	return { source, target, waits };
}

const isManifest = ({ url }: IncomingMessage) => url?.startsWith('/v2/app/manifests/') === true;
const isBlob = ({ url }: IncomingMessage) => url?.startsWith('/v2/app/blobs/') === true;
const goodManifest = (response: ServerResponse) =>
	response.writeHead(200, { 'content-type': mediaType }).end(manifest);
const readAll = (body: Readable): Promise<Buffer> => body.toArray().then((parts) => Buffer.concat(parts));

describe('a registry that stalls', () => {
	test('before it answers: an error after the time without a byte', async () => {
		const { host } = await serve((request) => isManifest(request));
		const { source } = await open(host, { idleTimeoutMs: 150 });
		await expect(source.manifest('1')).rejects.toMatchObject({
			kind: 'unreachable',
			message: expect.stringMatching(/cannot read manifest .*i\/o timeout: no byte for 0\.15 s/),
		});
	});

	test('in the middle of a blob: its body ends with an error that says so', async () => {
		const { host } = await serve((request, response) => {
			if (!isBlob(request)) return;
			response.writeHead(200, { 'content-length': blob.length });
			response.write(blob.subarray(0, 60_000));
		});
		const { source } = await open(host, { idleTimeoutMs: 150 });
		const { body } = await source.blob(layer, 0);
		const error = await readAll(body as Readable).catch((one: unknown) => one);
		expect(error).toMatchObject({ kind: 'unreachable', message: expect.stringContaining('i/o timeout') });
	});

	test('is not blamed for a reader that is slow itself', async () => {
		const big = Buffer.alloc(8 << 20, 1);
		const { host } = await serve((request, response) => {
			if (isBlob(request)) response.writeHead(200, { 'content-length': big.length }).end(big);
		});
		const { source } = await open(host, { idleTimeoutMs: 100 });
		const { body } = await source.blob(layer, 0);
		await delay(500);
		expect((await readAll(body as Readable)).length).toBe(big.length);
	});
});

describe('a connection that is lost', () => {
	test('in the middle of a blob is an error of the body, and the rest can be had', async () => {
		let first = true;
		const { host } = await serve((request, response) => {
			if (!isBlob(request)) return;
			const start = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
			const headers = {
				'content-length': blob.length - start,
				'content-range': `bytes ${start}-${blob.length - 1}/${blob.length}`,
			};
			response.writeHead(start === 0 ? 200 : 206, headers);
			if (first) response.write(blob.subarray(0, 40_000), () => response.destroy());
			else response.end(blob.subarray(start));
			first = false;
		});
		const { source } = await open(host);
		const start = await source.blob(layer, 0);
		const parts: Buffer[] = [];
		const lost = await (async () => {
			for await (const chunk of start.body) parts.push(chunk as Buffer);
		})().catch((error: unknown) => error);
		expect(lost).toMatchObject({ kind: 'unreachable', message: expect.stringContaining('unexpected EOF') });
		const have = Buffer.concat(parts);
		const rest = await source.blob(layer, have.length);
		expect([rest.offset, rest.totalBytes]).toEqual([have.length, blob.length]);
		expect(digestOf(Buffer.concat([have, await readAll(rest.body as Readable)]))).toBe(layer.digest);
	});

	test('before an answer is tried again, three times', async () => {
		let losses = 2;
		const { host, asked } = await serve((request, response) => {
			if (!isManifest(request)) return;
			if (losses-- > 0) return request.socket.destroy();
			return goodManifest(response);
		});
		const { source, waits } = await open(host);
		expect((await source.manifest('1')).digest).toBe(digestOf(manifest));
		expect(asked()).toHaveLength(3);
		losses = 10;
		await expect(source.manifest('1')).rejects.toMatchObject({ kind: 'unreachable' });
		expect(waits.every((ms) => ms >= 500)).toBe(true);
	});

	test('between two requests is made anew, and otherwise one connection is enough', async () => {
		const { host, connections } = await serve(
			(request, response) => isManifest(request) && goodManifest(response),
		);
		const { source } = await open(host);
		for (let count = 0; count < 5; count += 1) await source.manifest('1');
		// One was the try to speak TLS.
		expect(connections.size).toBe(2);
	});
});

describe('a registry that is tired', () => {
	test('says how long to wait, and is believed up to a minute', async () => {
		const answers = ['7', 'soon', '3600', undefined];
		const { host } = await serve((request, response) => {
			if (!isManifest(request)) return;
			if (answers.length === 0) return goodManifest(response);
			const after = answers.shift();
			return response.writeHead(429, after === undefined ? {} : { 'retry-after': after }).end();
		});
		const { source, waits } = await open(host);
		await source.manifest('1');
		expect(waits).toEqual([7000, 4000, 60_000, 16_000]);
	});

	test('is asked five times, and then the caller is told when', async () => {
		const { host, asked } = await serve((request, response) => {
			if (isManifest(request)) {
				response.writeHead(429, { 'retry-after': '30' });
				response.end('{"errors":[{"code":"TOOMANYREQUESTS","message":"pull rate limit"}]}');
			}
		});
		const { source, waits } = await open(host);
		await expect(source.manifest('1')).rejects.toMatchObject({
			kind: 'rateLimited',
			retryAfterMs: 30_000,
			message: expect.stringContaining('toomanyrequests: pull rate limit'),
		});
		expect([asked().length, waits]).toEqual([5, [30_000, 30_000, 30_000, 30_000]]);
	});

	test('with 5xx is asked three times', async () => {
		let failures = 2;
		const { host, asked } = await serve((request, response) => {
			if (!isManifest(request)) return;
			return failures-- > 0 ? response.writeHead(503).end() : goodManifest(response);
		});
		const { source, waits } = await open(host);
		await source.manifest('1');
		expect(waits).toEqual([500, 1000]);
		failures = 9;
		await expect(source.manifest('1')).rejects.toMatchObject({ kind: 'serverError', status: 503 });
		expect(asked()).toHaveLength(6);
	});
});

describe('a registry that lies', () => {
	test('about a manifest', async () => {
		const { host } = await serve((request, response) => {
			if (request.url === '/v2/app/manifests/big') {
				response.writeHead(200, { 'content-type': mediaType });
				const more = () => {
					while (response.write(Buffer.alloc(1 << 16, 32)));
					response.once('drain', more);
				};
				more();
			} else if (request.url === '/v2/app/manifests/sized') {
				response.writeHead(200, { 'content-length': 5 << 20 }).write('{');
			} else if (isManifest(request)) {
				response
					.writeHead(200, { 'content-type': mediaType, 'docker-content-digest': digestOf('other') })
					.end(manifest);
			}
		});
		const { source } = await open(host);
		await expect(source.manifest('big')).rejects.toThrow('it is larger than 4 MiB');
		await expect(source.manifest('sized')).rejects.toThrow('it is larger than 4 MiB');
		await expect(source.manifest(digestOf('other'))).rejects.toMatchObject({
			kind: 'invalid',
			message: expect.stringContaining(`the bytes that came have digest ${digestOf(manifest)}`),
		});
		// By tag there is nothing to compare with but ourselves.
		expect((await source.manifest('1')).digest).toBe(digestOf(manifest));
		await expect(source.manifest('md5:00')).rejects.toThrow('no digest that can be verified');
		await expect(source.manifest('../blobs/x?y')).rejects.toThrow('no tag');
	});

	test('about where a blob begins', async () => {
		const ranges: Record<string, () => [number, Record<string, string>]> = {
			ignored: () => [200, {}],
			shifted: () => [206, { 'content-range': `bytes 0-${blob.length - 1}/${blob.length}` }],
			missing: () => [206, {}],
		};
		let how = 'ignored';
		const { host } = await serve((request, response) => {
			const [status, headers] = ranges[how]?.() ?? [500, {}];
			if (isBlob(request)) response.writeHead(status, headers).end(blob);
		});
		const { source } = await open(host);
		const whole = await source.blob(layer, 10);
		expect(whole.offset).toBe(0);
		expect((await readAll(whole.body as Readable)).length).toBe(blob.length);
		for (how of ['shifted', 'missing']) {
			await expect(source.blob(layer, 10)).rejects.toThrow('asked for bytes from 10 on');
		}
	});

	test.each(['/v2/', '/v2/app/manifests/1', '/v2/app/blobs/'])('with an HTML page at %s', async (place) => {
		const { host } = await serve((request, response) => {
			if (request.url?.startsWith(place) && (place !== '/v2/' || request.url === place)) {
				return response.writeHead(200, { 'content-type': 'text/html' }).end('<html>log in</html>');
			}
			return isManifest(request) ? goodManifest(response) : undefined;
		});
		const { source } = await open(host);
		const answer = place.endsWith('blobs/') ? source.blob(layer, 0) : source.manifest('1');
		await expect(answer).rejects.toMatchObject({
			kind: 'invalid',
			message: expect.stringContaining('HTML page'),
		});
	});

	test('with escape sequences and endless words, which reach nobody', async () => {
		const evil = `\u001b]0;owned\u0007${'x'.repeat(5000)}`;
		const { host } = await serve((request, response) => {
			if (request.url === '/v2/app/manifests/1') {
				response
					.writeHead(404)
					.end(JSON.stringify({ errors: [{ code: 'MANIFEST_UNKNOWN', message: evil }] }));
			} else if (request.url === '/v2/app/manifests/2') {
				response
					.writeHead(400)
					.end(JSON.stringify({ errors: [{ code: 'X', message: 'y'.repeat(100_000) }] }));
			}
		});
		const { source } = await open(host);
		const error = (await source.manifest('1').catch((one: unknown) => one)) as Error;
		expect(error.message).toContain('manifest unknown');
		expect(error.message).not.toMatch(/[\u0000-\u001f]/);
		expect(error.message.length).toBeLessThan(700);
		await expect(source.manifest('2')).rejects.toMatchObject({ kind: 'refused', status: 400 });
	});
});

describe('redirects', () => {
	const auth = { username: 'ada', password: 'secret' };
	const wantsBasic = (request: IncomingMessage, response: ServerResponse) =>
		request.headers.authorization === undefined
			? response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end()
			: undefined;

	test('to another host never carry the login', async () => {
		const elsewhere = await serve((_request, response) =>
			response.writeHead(206, { 'content-range': 'bytes 5-9/10' }).end('12345'),
		);
		const registry = await serve(
			(request, response) =>
				wantsBasic(request, response) ??
				(isBlob(request) ? response.writeHead(307, { location: '/moved' }).end() : undefined) ??
				(request.url === '/moved'
					? response.writeHead(302, { location: `http://${elsewhere.host}/x?sig=1` }).end()
					: undefined),
		);
		const { source } = await open(registry.host, { auth });
		const stream = await source.blob(layer, 5);
		expect(String(await readAll(stream.body as Readable))).toBe('12345');
		expect(registry.seen.at(-1)).toMatchObject({
			url: '/moved',
			headers: { authorization: expect.stringMatching(/^Basic /) },
		});
		expect(elsewhere.seen).toHaveLength(1);
		expect(elsewhere.seen[0]?.headers).toMatchObject({ range: 'bytes=5-' });
		expect(elsewhere.seen[0]?.headers.authorization).toBeUndefined();
	});

	test('that never end do end', async () => {
		const { host, asked } = await serve((request, response) => {
			if (request.url !== '/v2/') response.writeHead(302, { location: `${request.url}x` }).end();
		});
		const { source } = await open(host);
		await expect(source.manifest('1')).rejects.toThrow('more than 10 redirects');
		expect(asked()).toHaveLength(11);
	});

	test('from HTTPS to plain HTTP are not followed', async () => {
		const plain = await serve((_request, response) => goodManifest(response));
		const registry = await serve(
			(request, response) =>
				isManifest(request) && response.writeHead(302, { location: `http://${plain.host}/` }).end(),
			{ tls: true },
		);
		const { source } = await open(registry.host, { tls: true });
		await expect(source.manifest('1')).rejects.toMatchObject({ kind: 'refused' });
		expect(plain.seen).toEqual([]);
	});
});

describe('logins', () => {
	const auth = { username: 'ada', password: 'secret' };

	test('are not sent to a plain-HTTP realm of a registry with TLS', async () => {
		const realm = await serve((_request, response) => response.end('{"token":"t"}'));
		const registry = await serve(
			(_request, response) =>
				response.writeHead(401, { 'www-authenticate': `Bearer realm="http://${realm.host}/token"` }).end(),
			{ tls: true },
		);
		const { source } = await open(registry.host, { tls: true, auth });
		await expect(source.manifest('1')).rejects.toThrow(/wants the password sent to .* over plain HTTP/);
		expect(realm.seen).toEqual([]);
	});

	test.each([
		['with a line break', '{"token":"a\\r\\nX-Evil: 1"}', 'holds no token'],
		['that is missing', '{}', 'holds no token'],
		['in a page', '<html>', 'is not JSON'],
		['without end', JSON.stringify({ token: 'x'.repeat(1 << 20) }), 'larger than 1 MiB'],
	])('refuse a token %s', async (_name, answer, cause) => {
		const { host } = await serve((request, response) => {
			if (request.url?.startsWith('/token')) return response.end(answer);
			const realm = `Bearer realm="http://${request.headers.host}/token"`;
			return response.writeHead(401, { 'www-authenticate': realm }).end();
		});
		const { source } = await open(host);
		await expect(source.manifest('1')).rejects.toThrow(cause);
	});

	test('widen their scope when the registry says so', async () => {
		const { host, seen } = await serve((request, response) => {
			const realm = `Bearer realm="http://${request.headers.host}/token"`;
			if (request.url?.startsWith('/token')) {
				const scopes = new URL(request.url, 'http://x').searchParams.getAll('scope').join(' ');
				return response.end(JSON.stringify({ token: Buffer.from(scopes).toString('base64url') }));
			}
			const scopes = Buffer.from(request.headers.authorization?.slice(7) ?? '', 'base64url').toString();
			if (scopes === '') return response.writeHead(401, { 'www-authenticate': realm }).end();
			if (scopes.includes('extra')) return goodManifest(response);
			const more = `${realm},error="insufficient_scope",scope="repository:extra:pull"`;
			return response.writeHead(401, { 'www-authenticate': more }).end();
		});
		const { source } = await open(host);
		await source.manifest('1');
		expect(
			seen.filter(({ url }) => url.startsWith('/token')).map(({ url }) => decodeURIComponent(url)),
		).toEqual([
			'/token?scope=repository:app:pull',
			'/token?scope=repository:app:pull&scope=repository:extra:pull',
		]);
	});

	test('with a wrong password are tried once for each request', async () => {
		const { host, asked } = await serve((_request, response) =>
			response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end(),
		);
		const { source } = await open(host, { auth });
		await expect(source.manifest('1')).rejects.toMatchObject({ kind: 'unauthorized' });
		expect(asked()).toHaveLength(1);
	});
});

describe('an aborted caller', () => {
	test('gets the reason of its signal, before the answer and in the middle of a blob', async () => {
		const { host } = await serve((request, response) => {
			if (isManifest(request)) return true;
			if (isBlob(request)) response.writeHead(200, { 'content-length': blob.length }).write('x');
			return undefined;
		});
		const { source } = await open(host);
		const reason = new Error('enough');
		const first = new AbortController();
		const waiting = source.manifest('1', { signal: first.signal });
		setTimeout(() => first.abort(reason), 50);
		await expect(waiting).rejects.toBe(reason);
		const second = new AbortController();
		const { body } = await source.blob(layer, 0, { signal: second.signal });
		setTimeout(() => second.abort(reason), 50);
		await expect(readAll(body as Readable)).rejects.toBe(reason);
		await expect(source.manifest('1', { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
	});
});

test('a foreign layer comes from where its descriptor says, without login', async () => {
	const elsewhere = await serve((_request, response) => response.end(blob));
	const { host } = await serve((request, response) => {
		if (request.headers.authorization === undefined) {
			return response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end();
		}
		return isBlob(request) ? response.writeHead(404).end('{"errors":[{"code":"BLOB_UNKNOWN"}]}') : undefined;
	});
	const { source } = await open(host, { auth: { username: 'ada', password: 'secret' } });
	const urls = ['ftp://x/', 'http://127.0.0.1:1/', `http://${elsewhere.host}/layer`];
	const { body } = await source.blob({ ...layer, urls }, 0);
	expect(digestOf(await readAll(body as Readable))).toBe(layer.digest);
	expect(elsewhere.seen[0]?.headers.authorization).toBeUndefined();
	await expect(source.blob({ ...layer, urls: ['http://127.0.0.1:1/'] }, 0)).rejects.toThrow('blob unknown');
});

describe('an upload', () => {
	const bytes = Buffer.alloc(20 << 20, 'layer');
	const source = (opened: { count: number }) => async () => {
		opened.count += 1;
		const parts = Array.from({ length: 20 }, (_, index) => bytes.subarray(index << 20, (index + 1) << 20));
		return { body: Readable.from(parts), digest: () => digestOf(bytes), sizeBytes: bytes.length };
	};
	async function drain(request: IncomingMessage): Promise<number> {
		let sizeBytes = 0;
		for await (const chunk of request as AsyncIterable<Buffer>) sizeBytes += chunk.length;
		return sizeBytes;
	}

	test('keeps the query of its location, and goes in pieces where the whole is refused', async () => {
		const ranges: string[] = [];
		const { host, seen } = await serve((request, response) => {
			const { method, url = '' } = request;
			if (method === 'POST')
				return response.writeHead(202, { location: '/v2/app/blobs/uploads/7?state=a%2Fb' }).end();
			if (method === 'PUT') return response.writeHead(201).end();
			if (method !== 'PATCH') return undefined;
			if (Number(request.headers['content-length']) > 10 << 20) {
				// As nginx does: an answer before the body is there.
				return response.writeHead(413, { connection: 'close' }).end('<html>too large</html>');
			}
			ranges.push(request.headers['content-range'] ?? '');
			return drain(request).then(() =>
				response.writeHead(202, { location: `${url}&n=${ranges.length}` }).end(),
			);
		});
		const { target } = await open(host);
		const opened = { count: 0 };
		expect(await target.uploadBlob(source(opened))).toBe(digestOf(bytes));
		expect(opened.count).toBe(2);
		expect(ranges).toEqual(['0-8388607', '8388608-16777215', '16777216-20971519']);
		const last = seen.at(-1);
		expect(last?.method).toBe('PUT');
		const query = new URL(last?.url ?? '', 'http://x').searchParams;
		expect([query.get('state'), query.getAll('n'), query.get('digest')]).toEqual([
			'a/b',
			['1', '2', '3'],
			digestOf(bytes),
		]);
	});

	test('begins anew where the registry forgot it, and ends where it is refused', async () => {
		let forgets = 1;
		let refuses = false;
		const { host } = await serve((request, response) => {
			const { method } = request;
			if (method === 'POST') return response.writeHead(202, { location: '/v2/app/blobs/uploads/7' }).end();
			if (method === 'PUT') return response.writeHead(201).end();
			if (method !== 'PATCH') return undefined;
			if (refuses) return response.writeHead(403, { connection: 'close' }).end();
			return drain(request).then(() =>
				forgets-- > 0
					? response.writeHead(404).end('{"errors":[{"code":"BLOB_UPLOAD_UNKNOWN","message":"gone"}]}')
					: response.writeHead(202, { location: '/v2/app/blobs/uploads/7' }).end(),
			);
		});
		const { target } = await open(host);
		const opened = { count: 0 };
		expect(await target.uploadBlob(source(opened))).toBe(digestOf(bytes));
		expect(opened.count).toBe(2);
		forgets = 99;
		await expect(target.uploadBlob(source(opened))).rejects.toThrow('blob upload unknown: gone');
		expect(opened.count).toBe(5);
		refuses = true;
		await expect(target.uploadBlob(source(opened))).rejects.toMatchObject({
			kind: 'unauthorized',
			status: 403,
		});
		expect(opened.count).toBe(6);
	});

	test('to storage elsewhere does not carry the login there', async () => {
		const storage = await serve((request, response) =>
			drain(request).then(() =>
				response.writeHead(request.method === 'PUT' ? 201 : 202, { location: '/up?sig=1' }).end(),
			),
		);
		const registry = await serve((request, response) => {
			if (request.headers.authorization === undefined) {
				return response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end();
			}
			return request.method === 'POST'
				? response.writeHead(202, { location: `http://${storage.host}/up?sig=1` }).end()
				: undefined;
		});
		const { target } = await open(registry.host, { auth: { username: 'ada', password: 'secret' } });
		await target.uploadBlob(source({ count: 0 }));
		expect(storage.seen.map(({ method }) => method)).toEqual(['PATCH', 'PUT']);
		expect(storage.seen.every(({ headers }) => headers.authorization === undefined)).toBe(true);
	});

	test('is aborted with the reason of the signal, and its source is closed', async () => {
		const { host } = await serve((request, response) =>
			request.method === 'POST'
				? response.writeHead(202, { location: '/v2/app/blobs/uploads/7' }).end()
				: request.method === 'PATCH',
		);
		const { target } = await open(host);
		const abort = new AbortController();
		const reason = new Error('enough');
		const body = new Readable({
			read() {
				setTimeout(() => this.push(Buffer.alloc(1 << 16)), 5);
			},
		});
		const pushed = target.uploadBlob(async () => ({ body, digest: () => '', sizeBytes: undefined }), {
			signal: abort.signal,
		});
		setTimeout(() => abort.abort(reason), 100);
		await expect(pushed).rejects.toBe(reason);
		expect(body.destroyed).toBe(true);
	});
});
