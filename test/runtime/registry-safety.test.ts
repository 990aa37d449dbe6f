import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import {
	blob,
	digestOf,
	goodManifest,
	isBlob,
	isManifest,
	layer,
	openAt,
	readAll,
	serve,
} from '../helpers/scripted-registry.ts';

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
		const { source } = await openAt(registry.host, { auth });
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
		const { source } = await openAt(host);
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
		const { source } = await openAt(registry.host, { tls: true });
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
		const { source } = await openAt(registry.host, { tls: true, auth });
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
		const { source } = await openAt(host);
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
		const { source } = await openAt(host);
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
		const { source } = await openAt(host, { auth });
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
		const { source } = await openAt(host);
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
	const { source } = await openAt(host, { auth: { username: 'ada', password: 'secret' } });
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
		const { target } = await openAt(host);
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
		const { target } = await openAt(host);
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
		const { target } = await openAt(registry.host, { auth: { username: 'ada', password: 'secret' } });
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
		const { target } = await openAt(host);
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
