import type { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import {
	blob,
	digestOf,
	goodManifest,
	isBlob,
	isManifest,
	layer,
	manifest,
	mediaType,
	openAt,
	readAll,
	serve,
} from '../helpers/scripted-registry.ts';

describe('a registry that stalls', () => {
	test('before it answers: an error after the time without a byte', async () => {
		const { host } = await serve((request) => isManifest(request));
		const { source } = await openAt(host, { idleTimeoutMs: 150 });
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
		const { source } = await openAt(host, { idleTimeoutMs: 150 });
		const { body } = await source.blob(layer, 0);
		const error = await readAll(body as Readable).catch((one: unknown) => one);
		expect(error).toMatchObject({ kind: 'unreachable', message: expect.stringContaining('i/o timeout') });
	});

	test('is not blamed for a reader that is slow itself', async () => {
		const big = Buffer.alloc(8 << 20, 1);
		const { host } = await serve((request, response) => {
			if (isBlob(request)) response.writeHead(200, { 'content-length': big.length }).end(big);
		});
		const { source } = await openAt(host, { idleTimeoutMs: 100 });
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
		const { source } = await openAt(host);
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
		const { source, waits } = await openAt(host);
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
		const { source } = await openAt(host);
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
		const { source, waits } = await openAt(host);
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
		const { source, waits } = await openAt(host);
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
		const { source, waits } = await openAt(host);
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
		const { source } = await openAt(host);
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
		const { source } = await openAt(host);
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
		const { source } = await openAt(host);
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
		const { source } = await openAt(host);
		const error = (await source.manifest('1').catch((one: unknown) => one)) as Error;
		expect(error.message).toContain('manifest unknown');
		expect(error.message).not.toMatch(/[\u0000-\u001f]/);
		expect(error.message.length).toBeLessThan(700);
		await expect(source.manifest('2')).rejects.toMatchObject({ kind: 'refused', status: 400 });
	});
});
