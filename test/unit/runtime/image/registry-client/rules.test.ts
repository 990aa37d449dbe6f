import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { explainPullError } from '../../../../../src/cri/pull-errors.ts';
import { RegistryError } from '../../../../../src/runtime/image/model.ts';
import { parseContentRange } from '../../../../../src/runtime/image/registry-client/fetch-blob.ts';
import { manifestTypeOf } from '../../../../../src/runtime/image/registry-client/fetch-manifest.ts';
import { networkError } from '../../../../../src/runtime/image/registry-client/network-error.ts';
import { proxyFor } from '../../../../../src/runtime/image/registry-client/proxy.ts';
import { redirectTarget } from '../../../../../src/runtime/image/registry-client/redirect.ts';
import {
	parseRetryAfter,
	waitBeforeRetry,
} from '../../../../../src/runtime/image/registry-client/retry-after.ts';
import { waitWith } from '../../../../../src/runtime/image/registry-client/shared-wait.ts';
import { readHostCertificates } from '../../../../../src/runtime/image/registry-client/trust.ts';
import { chunksOf } from '../../../../../src/runtime/image/registry-client/upload-chunks.ts';
import { tempDir } from '../../../../helpers/temp-dir.ts';

describe('Retry-After', () => {
	const now = Date.parse('2026-01-02T03:04:05Z');
	test.each([
		['7', 7000],
		[' 0 ', 0],
		['Fri, 02 Jan 2026 03:04:15 GMT', 10_000],
		['Friday, 02-Jan-26 03:05:05 GMT', 60_000],
		['Fri, 02 Jan 2026 03:04:00 GMT', undefined],
		['soon', undefined],
		['-1', undefined],
		['1.5', undefined],
		['2027', 2_027_000],
		['', undefined],
		[undefined, undefined],
	])('%j', (header, ms) => {
		expect(parseRetryAfter(header, now)).toBe(ms);
	});
	test('never waits longer than the limit', () => {
		const rule = { firstMs: 2000, longestMs: 60_000 };
		expect([1, 2, 3, 4, 5, 6, 7].map((attempt) => waitBeforeRetry(attempt, rule))).toEqual([
			2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000,
		]);
		expect(waitBeforeRetry(1, rule, 3_600_000)).toBe(60_000);
		expect(waitBeforeRetry(3, rule, 0)).toBe(0);
	});
});

describe('redirects', () => {
	const to = (location: string | undefined, statusCode = 307, insecure = false) =>
		redirectTarget({ statusCode, headers: { location } }, new URL('https://r.example/v2/a'), {
			insecure,
			what: 'cannot read',
		})?.href;
	test.each([
		['/b?c=1', 'https://r.example/b?c=1'],
		['//cdn.example/b', 'https://cdn.example/b'],
		['https://cdn.example/b', 'https://cdn.example/b'],
	])('%s', (location, target) => expect(to(location)).toBe(target));
	test('are followed for redirects only', () => {
		expect([301, 302, 303, 307, 308, 200, 304, 300].map((status) => to('/b', status) !== undefined)).toEqual([
			true,
			true,
			true,
			true,
			true,
			false,
			false,
			false,
		]);
		expect(to(undefined)).toBeUndefined();
	});
	test('never leave HTTPS for plain HTTP, unless the registry is insecure', () => {
		expect(() => to('http://r.example/b')).toThrow('redirects from HTTPS to plain HTTP at r.example');
		expect(to('http://r.example/b', 302, true)).toBe('http://r.example/b');
	});
	test.each(['file:///etc/shadow', 'http://', 'gopher://x'])('%s is refused', (location) => {
		expect(() => to(location, 302, true)).toThrow('no HTTP address');
	});
});

describe('the proxy', () => {
	const env = {
		HTTPS_PROXY: 'http://secure.proxy:3128',
		http_proxy: 'plain.proxy:8080',
		NO_PROXY: 'corp.example, .sub.example,*.star.example,10.0.0.0/8,192.168.1.7,port.example:5000,fd00::/8',
	};
	test.each([
		['https://quay.io/v2/', 'http://secure.proxy:3128'],
		['http://quay.io/v2/', 'http://plain.proxy:8080'],
		['https://localhost:5000/', undefined],
		['https://127.0.0.2/', undefined],
		['https://[::1]:5000/', undefined],
		['https://corp.example/', undefined],
		['https://a.corp.example:8443/', undefined],
		['https://notcorp.example/', 'http://secure.proxy:3128'],
		['https://sub.example/', 'http://secure.proxy:3128'],
		['https://a.sub.example/', undefined],
		['https://a.star.example/', undefined],
		['https://10.1.2.3:5000/', undefined],
		['https://11.1.2.3:5000/', 'http://secure.proxy:3128'],
		['https://192.168.1.7/', undefined],
		['https://192.168.1.8/', 'http://secure.proxy:3128'],
		['https://port.example:5000/', undefined],
		['https://port.example/', 'http://secure.proxy:3128'],
		['https://[fd00::5]/', undefined],
	])('%s', (url, proxy) => {
		expect(proxyFor(new URL(url), env)).toBe(proxy);
	});
	test('is used by nobody where NO_PROXY is *', () => {
		expect(proxyFor(new URL('https://quay.io'), { ...env, NO_PROXY: '*' })).toBeUndefined();
		expect(proxyFor(new URL('https://quay.io'), {})).toBeUndefined();
	});
});

test.each([
	['bytes 10-99/100', { start: 10, end: 99, total: 100 }],
	['bytes 0-0/*', { start: 0, end: 0, total: undefined }],
	['bytes */100', undefined],
	['items 1-2/3', undefined],
	[undefined, undefined],
])('Content-Range %s', (header, range) => {
	expect(parseContentRange(header)).toEqual(range);
});

describe('the type of a manifest', () => {
	const of = (contentType: string | undefined, body: unknown) =>
		manifestTypeOf(
			contentType,
			Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)),
			'cannot read',
		);
	const oci = 'application/vnd.oci.image.manifest.v1+json';
	test.each([
		[
			'application/vnd.docker.distribution.manifest.v2+json; charset=utf-8',
			{},
			'application/vnd.docker.distribution.manifest.v2+json',
		],
		['application/json', { mediaType: oci }, oci],
		['text/plain', { manifests: [] }, 'application/vnd.oci.image.index.v1+json'],
		[undefined, { config: {}, layers: [] }, oci],
		['', { schemaVersion: 1, signatures: [] }, 'application/vnd.docker.distribution.manifest.v1+prettyjws'],
		['', { schemaVersion: 1 }, 'application/vnd.docker.distribution.manifest.v1+json'],
	])('%s %j', (contentType, body, type) => expect(of(contentType, body)).toBe(type));
	test.each([
		['text/html', '<html>', 'HTML page'],
		['application/json', ' <!DOCTYPE html>', 'HTML page'],
		[oci, '', 'not JSON'],
		[oci, '[]', 'no JSON object'],
		['application/json', '{"a":1}', 'no manifest'],
	])('%s %j is none', (contentType, body, cause) => expect(() => of(contentType, body)).toThrow(cause));
});

describe('what sockets say becomes words that the inspector knows', () => {
	const coded = (code: string, message = code) => Object.assign(new Error(message), { code });
	test.each([
		[coded('ENOTFOUND'), 'unreachable', 'dns'],
		[coded('EAI_AGAIN'), 'unreachable', 'dns'],
		[coded('ECONNREFUSED'), 'unreachable', 'refused'],
		[coded('EHOSTUNREACH'), 'unreachable', 'refused'],
		[coded('ECONNRESET'), 'unreachable', 'refused'],
		[coded('ETIMEDOUT'), 'unreachable', 'timeout'],
		[coded('CERT_HAS_EXPIRED', 'certificate has expired'), 'certificate', 'certificate'],
		[coded('DEPTH_ZERO_SELF_SIGNED_CERT', 'self-signed certificate'), 'certificate', 'certificate'],
		[coded('ERR_TLS_CERT_ALTNAME_INVALID', 'does not match'), 'certificate', 'certificate'],
		[coded('EPROTO', 'SSL routines:wrong version number'), 'unreachable', 'certificate'],
		[new AggregateError([coded('ECONNREFUSED')]), 'unreachable', 'refused'],
	])('%s', (error, kind, problem) => {
		const told = networkError('cannot read manifest "r.example/x:1"', 'r.example:443', error);
		expect(told.kind).toBe(kind);
		expect(told.message).toMatch(/^cannot read manifest "r\.example\/x:1": /);
		expect(explainPullError(told, { image: 'r.example/x:1', registry: 'r.example' }).kind).toBe(problem);
	});
	test('and a RegistryError stays what it is', () => {
		const error = new RegistryError('refused', 'no');
		expect(networkError('cannot', 'h', error)).toBe(error);
	});
});

describe('certs.d', () => {
	function folder(files: Readonly<Record<string, string>>) {
		const dir = tempDir();
		mkdirSync(join(dir, 'r.example:5000'));
		for (const [name, content] of Object.entries(files))
			writeFileSync(join(dir, 'r.example:5000', name), content);
		return dir;
	}
	test('holds authorities and pairs; the first folder that is there counts', async () => {
		const first = folder({ 'ca.crt': 'A', 'b.crt': 'B', 'me.cert': 'C', 'me.key': 'K', 'notes.txt': 'no' });
		const second = folder({ 'other.crt': 'O' });
		expect(await readHostCertificates([tempDir(), first, second], 'r.example:5000')).toEqual({
			authorities: ['B', 'A'],
			clients: [{ certificate: 'C', key: 'K' }],
		});
		expect(await readHostCertificates([first], 'r.example')).toBeUndefined();
	});
	test.each([
		[{ 'me.cert': 'C' }, 'me.cert has no me.key beside it'],
		[{ 'me.key': 'K' }, 'me.key has no me.cert beside it'],
	])('%j is half a pair', async (files, cause) => {
		await expect(readHostCertificates([folder(files)], 'r.example:5000')).rejects.toThrow(cause);
	});
});

test('pieces of a stream have the size asked for, whatever the stream’s own', async () => {
	const bytes = Buffer.from('abcdefghijklmnopqrstuvwxyz');
	for (const [step, size] of [
		[1, 10],
		[26, 10],
		[7, 13],
		[5, 5],
		[30, 26],
		[30, 100],
	] as const) {
		const parts: Buffer[] = [];
		for (let at = 0; at < bytes.length; at += step) parts.push(bytes.subarray(at, at + step));
		const pieces: Buffer[] = [];
		for await (const piece of chunksOf(Readable.from(parts), size)) pieces.push(piece);
		expect(Buffer.concat(pieces)).toEqual(bytes);
		expect(pieces.slice(0, -1).every(({ length }) => length === size)).toBe(true);
		expect(pieces.at(-1)?.length).toBe(bytes.length % size || Math.min(size, bytes.length));
	}
});

test('one who leaves does not end the work that others wait for', async () => {
	const { promise, resolve } = Promise.withResolvers<string>();
	const impatient = new AbortController();
	const left = waitWith(promise, impatient.signal);
	const stays = waitWith(promise, new AbortController().signal);
	impatient.abort(new Error('gone'));
	await expect(left).rejects.toThrow('gone');
	resolve('token');
	expect(await stays).toBe('token');
});
