import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { onTestFinished } from 'vitest';
import type { AuthConfig } from '../../src/cri/model.ts';
import type { Descriptor, Repository } from '../../src/runtime/image/model.ts';
import { openRegistries } from '../../src/runtime/image/registries/open-registries.ts';
import { testCertificate, testKey } from '../fakes/tls-certificate.ts';
import { tempDir } from './temp-dir.ts';

/** Answers one request; `/v2/` is answered well where it returns nothing or false. */
export type Handler = (request: IncomingMessage, response: ServerResponse) => unknown;

/** sha256 of bytes. */
export const digestOf = (bytes: string | Buffer) =>
	`sha256:${createHash('sha256').update(bytes).digest('hex')}`;
/** Of `manifest`. */
export const mediaType = 'application/vnd.oci.image.manifest.v1+json';
/** Small, and whole. */
export const manifest = JSON.stringify({ schemaVersion: 2, mediaType, config: {}, layers: [] });
/** Some bytes, and their descriptor. */
export const blob = Buffer.alloc(100_000, 'blob ');
export const layer: Descriptor = {
	mediaType: 'application/vnd.oci.image.layer.v1.tar',
	digest: digestOf(blob),
	sizeBytes: blob.length,
	annotations: {},
	urls: [],
};

/** A server that does what the test says; `/v2/` is answered well where the handler returns nothing or false. */
export async function serve(handler: Handler, { tls = false } = {}) {
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
export async function openAt(
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

/** True for what asks for a manifest of `app`. */
export const isManifest = ({ url }: IncomingMessage) => url?.startsWith('/v2/app/manifests/') === true;
export const isBlob = ({ url }: IncomingMessage) => url?.startsWith('/v2/app/blobs/') === true;
/** Answers with `manifest`. */
export const goodManifest = (response: ServerResponse) =>
	response.writeHead(200, { 'content-type': mediaType }).end(manifest);
export const readAll = (body: Readable): Promise<Buffer> =>
	body.toArray().then((parts) => Buffer.concat(parts));
