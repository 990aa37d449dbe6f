import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ImageArchive } from '../helpers/image-archive.ts';
import { digestOf } from '../helpers/varied-images.ts';
import { type Answer, type FaultRule, type RegistryPart, sendAnswer } from './registry-faults.ts';

/** One request as it came. */
export type SeenRequest = {
	readonly part: RegistryPart;
	readonly method: string;
	/** With the query. */
	readonly url: string;
	readonly headers: Readonly<Record<string, string | undefined>>;
};

/** A registry that does what it is told, right or wrong. Good as a primary and as a mirror. Keeps all in memory. */
export type FakeRegistry = AsyncDisposable & {
	/** `127.0.0.1:<port>` */
	readonly host: string;
	/** Everything that was asked, in order. */
	readonly requests: readonly SeenRequest[];
	/** Puts an image under `<name>:<tag>`, as RegistryAccess.push does; blobs are known in every repository. */
	push(name: string, tag: string, image: ImageArchive): Promise<void>;
	/** Adds a fault; the first rule that fits a request counts. @returns a function that takes it away. */
	fault(rule: FaultRule): () => void;
	/** Forgets a blob, as a registry that was pruned does. */
	forgetBlob(digest: string): void;
	/** A manifest that was pushed, or undefined. */
	manifest(name: string, reference: string): Buffer | undefined;
	blob(digest: string): Buffer | undefined;
	/** Ends it and all connections. */
	stop(): Promise<void>;
};

type Manifest = { readonly bytes: Buffer; readonly mediaType: string };

/** Starts it on a port of loopback. */
export async function startFakeRegistry(options: { readonly port?: number } = {}): Promise<FakeRegistry> {
	const blobs = new Map<string, Buffer>();
	const manifests = new Map<string, Manifest>();
	const uploads = new Map<string, Buffer[]>();
	const rules: (FaultRule & { left: number })[] = [];
	const requests: SeenRequest[] = [];

	const takeFault = (seen: SeenRequest) => {
		const rule = rules.find(
			({ on, where, method, left }) =>
				left > 0 &&
				(on === 'all' || on === seen.part) &&
				seen.url.includes(where ?? '') &&
				(method === undefined || method === seen.method),
		);
		if (rule !== undefined) rule.left -= 1;
		return rule?.fault;
	};

	const server = createServer((request, response) => {
		const url = request.url ?? '';
		const { method = 'GET' } = request;
		const headers = request.headers as SeenRequest['headers'];
		const seen: SeenRequest = { part: partOf(url), method, url, headers };
		requests.push(seen);
		const fault = takeFault(seen);
		if (seen.part === 'upload' && fault?.kind === 'drop') {
			// A push is cut while it sends.
			let heardBytes = 0;
			request.on('data', (chunk: Buffer) => {
				heardBytes += chunk.length;
				if (heardBytes >= fault.afterBytes) request.socket.destroy();
			});
			return;
		}
		answer(request, url, method, fault?.kind === 'ignoreRange')
			.then((reply) => sendAnswer(request, response, reply, fault))
			.catch(() => response.destroy());
	});

	async function answer(
		request: IncomingMessage,
		url: string,
		method: string,
		ignoresRange: boolean,
	): Promise<Answer> {
		const { pathname, searchParams } = new URL(url, 'http://registry');
		if (partOf(url) === 'ping') return reply(200, '{}');
		const [, name = '', kind = '', rest = ''] = /^\/v2\/(.+?)\/(manifests|blobs)\/(.+)$/.exec(pathname) ?? [];
		if (kind === 'manifests') {
			if (method !== 'PUT') return manifestAnswer(manifests.get(`${name}/${rest}`));
			const bytes = await bodyOf(request);
			const mediaType = request.headers['content-type'] ?? '';
			for (const reference of [rest, digestOf(bytes)])
				manifests.set(`${name}/${reference}`, { bytes, mediaType });
			return reply(201, '', { location: pathname, 'docker-content-digest': digestOf(bytes) });
		}
		if (kind === 'blobs' && rest.startsWith('uploads/')) return upload(request, name, rest, searchParams);
		if (kind === 'blobs') {
			const bytes = blobs.get(rest);
			if (bytes === undefined) return failure(404, 'BLOB_UNKNOWN');
			return blobAnswer(rest, bytes, ignoresRange ? undefined : request.headers.range);
		}
		return failure(404, 'NAME_UNKNOWN');
	}

	async function upload(
		request: IncomingMessage,
		name: string,
		rest: string,
		query: URLSearchParams,
	): Promise<Answer> {
		if (request.method === 'POST') {
			const wanted = query.get('mount') ?? '';
			if (blobs.has(wanted)) return created(name, wanted);
			const id = randomUUID();
			uploads.set(id, []);
			return reply(202, '', { location: `/v2/${name}/blobs/uploads/${id}`, range: '0-0' });
		}
		const id = rest.slice('uploads/'.length);
		const parts = uploads.get(id);
		if (parts === undefined) return failure(404, 'BLOB_UPLOAD_UNKNOWN');
		parts.push(await bodyOf(request));
		const bytes = Buffer.concat(parts);
		if (request.method === 'PATCH') {
			return reply(202, '', {
				location: `/v2/${name}/blobs/uploads/${id}`,
				range: `0-${Math.max(0, bytes.length - 1)}`,
			});
		}
		const digest = query.get('digest') ?? '';
		if (digestOf(bytes) !== digest) return failure(400, 'DIGEST_INVALID');
		uploads.delete(id);
		blobs.set(digest, bytes);
		return created(name, digest);
	}

	server.listen(options.port ?? 0, '127.0.0.1');
	await once(server, 'listening');
	const stop = async () => {
		const closed = once(server, 'close');
		server.close();
		server.closeAllConnections();
		await closed;
	};
	return {
		host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
		requests,
		push: async (name, tag, image) => {
			for (const { digest, bytes } of image.blobs) blobs.set(digest, bytes);
			const kept: Manifest = { bytes: image.manifest, mediaType: image.mediaType };
			for (const reference of [tag, digestOf(image.manifest)]) manifests.set(`${name}/${reference}`, kept);
		},
		fault: (rule) => {
			const kept = { ...rule, left: rule.times ?? Number.POSITIVE_INFINITY };
			rules.push(kept);
			return () => {
				kept.left = 0;
			};
		},
		forgetBlob: (digest) => void blobs.delete(digest),
		manifest: (name, reference) => manifests.get(`${name}/${reference}`)?.bytes,
		blob: (digest) => blobs.get(digest),
		stop,
		[Symbol.asyncDispose]: stop,
	};
}

function partOf(url: string): RegistryPart {
	if (url.includes('/blobs/uploads/')) return 'upload';
	if (url.includes('/blobs/')) return 'blob';
	return url.includes('/manifests/') ? 'manifest' : 'ping';
}

function reply(status: number, text: string, headers: Readonly<Record<string, string>> = {}): Answer {
	const body = Buffer.from(text);
	const always = { 'content-length': `${body.length}`, 'docker-distribution-api-version': 'registry/2.0' };
	return { status, headers: { ...always, ...headers }, body };
}

function failure(status: number, code: string): Answer {
	const text = JSON.stringify({ errors: [{ code, message: code.toLowerCase().replaceAll('_', ' ') }] });
	return reply(status, text, { 'content-type': 'application/json; charset=utf-8' });
}

function created(name: string, digest: string): Answer {
	return reply(201, '', { location: `/v2/${name}/blobs/${digest}`, 'docker-content-digest': digest });
}

function manifestAnswer(manifest: Manifest | undefined): Answer {
	if (manifest === undefined) return failure(404, 'MANIFEST_UNKNOWN');
	return {
		...reply(200, '', {
			'content-type': manifest.mediaType,
			'content-length': `${manifest.bytes.length}`,
			'docker-content-digest': digestOf(manifest.bytes),
		}),
		body: manifest.bytes,
	};
}

/** Source: RFC 9110, 14.2: of the ranges only `bytes=<first>-` and `bytes=<first>-<last>` are asked for by clients of registries. */
function blobAnswer(digest: string, bytes: Buffer, range: string | undefined): Answer {
	const headers = { 'content-type': 'application/octet-stream', 'docker-content-digest': digest };
	const [, first, last] = /^bytes=(\d+)-(\d*)$/.exec(range ?? '') ?? [];
	if (first === undefined) {
		return {
			...reply(200, '', { ...headers, 'content-length': `${bytes.length}`, 'accept-ranges': 'bytes' }),
			body: bytes,
		};
	}
	const from = Number(first);
	if (from >= bytes.length) {
		return reply(416, '', { 'content-range': `bytes */${bytes.length}` });
	}
	const to = last === '' || last === undefined ? bytes.length - 1 : Math.min(Number(last), bytes.length - 1);
	const body = bytes.subarray(from, to + 1);
	const contentRange = `bytes ${from}-${to}/${bytes.length}`;
	const length = `${body.length}`;
	return {
		...reply(206, '', { ...headers, 'content-length': length, 'content-range': contentRange }),
		body,
	};
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
	const chunks: Buffer[] = [];
	for await (const chunk of request) chunks.push(chunk as Buffer);
	return Buffer.concat(chunks);
}
