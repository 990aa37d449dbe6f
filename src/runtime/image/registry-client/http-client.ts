import type { Agent, ClientRequest, IncomingMessage } from 'node:http';
import { pipeline } from 'node:stream';
import { RegistryError } from '../model.ts';
import { networkError } from './network-error.ts';
import { proxyFor } from './proxy.ts';
import type { Patience } from './retry-after.ts';
import { readHostCertificates, type SystemTrust, secureContextOf } from './trust.ts';
import type { UploadBody } from './upload-body.ts';

// An import statement would read every export, and with them load undici: 100 ms and 3 MiB at start.
const http = process.getBuiltinModule('node:http');
const https = process.getBuiltinModule('node:https');

/** One HTTP request; nothing is retried, redirected or logged in here. */
export type HttpRequest = {
	readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
	readonly url: URL;
	readonly headers: Readonly<Record<string, string>>;
	readonly body?: Buffer | UploadBody | undefined;
	/** For messages: `cannot read manifest "…"`. */
	readonly what: string;
	readonly signal?: AbortSignal | undefined;
};

/**
 * Connections to one registry, kept alive between requests. An answer's body is the raw IncomingMessage: it must be read
 * to its end or destroyed. A body that stalls or ends early is destroyed with a RegistryError; one whose signal is aborted,
 * with the signal's reason. A reader that is slow itself is waited for.
 */
export type HttpClient = Disposable & {
	/** @throws RegistryError of kinds unreachable, certificate, invalid; the reason of the signal */
	send(request: HttpRequest): Promise<IncomingMessage>;
};

/** What all registries of this machine share. */
export type HttpSettings = {
	readonly env: Readonly<Record<string, string | undefined>>;
	/** Folders as /etc/containers/certs.d, the first that has one for the host wins. */
	readonly certsDirs: readonly string[];
	readonly patience: Patience;
	/** What this machine trusts. */
	readonly trust: () => Promise<SystemTrust>;
};

// One read of a socket fills 64 KiB: enough of them that the network goes on while a layer is unpacked.
const socketBufferBytes = 1 << 20;

/**
 * @param host with port, as in the image's name: it names the folder in certs.d
 * @param options.insecure certificates are not checked
 */
export function openHttpClient(
	host: string,
	settings: HttpSettings,
	{ insecure }: { readonly insecure: boolean },
): HttpClient {
	const agents = new Map<string, Promise<Agent>>();
	// Without :443, as in every URL.
	const ownHost = URL.parse(`https://${host}`)?.host ?? host;

	async function makeAgent(scheme: string, proxy: string | undefined, own: boolean): Promise<Agent> {
		const pool = { keepAlive: true, maxFreeSockets: 16, highWaterMark: socketBufferBytes };
		const through = proxy === undefined ? {} : { proxyEnv: { HTTP_PROXY: proxy, HTTPS_PROXY: proxy } };
		if (scheme === 'http:') return new http.Agent({ ...pool, ...through });
		const certificates = await readHostCertificates(settings.certsDirs, host);
		// Who we are is told to the registry alone, not to where it sends us.
		const identify = own && certificates !== undefined && certificates.clients.length > 0;
		const plain =
			!identify && (insecure || certificates === undefined || certificates.authorities.length === 0);
		const trust = insecure ? undefined : await settings.trust();
		const secureContext = plain
			? trust?.context
			: secureContextOf(host, trust?.authorities ?? [], certificates, { identify });
		return new https.Agent({
			...pool,
			...through,
			...(secureContext === undefined ? {} : { secureContext }),
			rejectUnauthorized: !insecure,
		});
	}

	function agentFor(url: URL): Promise<Agent> {
		const proxy = proxyFor(url, settings.env);
		const own = url.host === ownHost || url.host === 'registry-1.docker.io';
		const key = `${url.protocol} ${proxy ?? ''} ${own}`;
		const agent = agents.get(key) ?? makeAgent(url.protocol, proxy, own);
		agents.set(key, agent);
		// Certificates may be put right while we run.
		agent.catch(() => agents.delete(key));
		return agent;
	}

	return {
		async send(request) {
			request.signal?.throwIfAborted();
			const agent = await agentFor(request.url);
			return exchange(request, agent, settings.patience);
		},
		[Symbol.dispose]() {
			for (const agent of agents.values()) agent.then((it) => it.destroy()).catch(() => undefined);
			agents.clear();
		},
	};
}

function exchange(request: HttpRequest, agent: Agent, patience: Patience): Promise<IncomingMessage> {
	const { method, url, headers, body, what, signal } = request;
	const { connectTimeoutMs, idleTimeoutMs } = patience;
	const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
	const { host } = url;
	const client = url.protocol === 'https:' ? https : http;
	const sized = body === undefined ? undefined : Buffer.isBuffer(body) ? body.length : body.sizeBytes;
	const outgoing = client.request(url, {
		method,
		agent,
		headers: { ...headers, ...(sized === undefined ? {} : { 'content-length': String(sized) }) },
	});
	let incoming: IncomingMessage | undefined;
	const end = (error: unknown) => {
		if (incoming) incoming.destroy(error as Error);
		else outgoing.destroy(error as Error);
		reject(error);
	};
	const abort = () => end(signal?.reason);
	signal?.addEventListener('abort', abort, { once: true });
	const timedOut = (cause: string) =>
		new RegistryError('unreachable', `${what}: ${host}: ${cause}`, { cause: new Error('ETIMEDOUT') });

	const connecting = setTimeout(
		() => end(timedOut(`connection timed out: none within ${connectTimeoutMs / 1000} s`)),
		connectTimeoutMs,
	);
	outgoing.once('socket', (socket) => {
		const connected = () => clearTimeout(connecting);
		const handshake = url.protocol === 'https:' ? 'secureConnect' : 'connect';
		if (socket.connecting || ('secureConnecting' in socket && socket.secureConnecting)) {
			socket.once(handshake, connected);
		} else connected();
	});
	outgoing.setTimeout(idleTimeoutMs, () => {
		// Whoever is slow on our side, reading or writing, is not the registry's fault.
		const ours = incoming ? incoming.readableLength > 0 : body !== undefined && isOursToSend(outgoing);
		if (ours) outgoing.socket?.setTimeout(idleTimeoutMs);
		else end(timedOut(`i/o timeout: no byte for ${idleTimeoutMs / 1000} s`));
	});
	const settled = () => {
		clearTimeout(connecting);
		signal?.removeEventListener('abort', abort);
	};
	outgoing.once('response', (response) => {
		incoming = response;
		const { socket } = response;
		const lost = () => {
			if (!response.complete) {
				response.destroy(
					new RegistryError(
						'unreachable',
						`${what}: ${host}: unexpected EOF: connection lost before the end`,
					),
				);
			}
		};
		socket.prependListener('close', lost);
		response.once('close', () => {
			socket.off('close', lost);
			settled();
		});
		resolve(response);
	});
	// Errors after the answer came are told through its body.
	outgoing.on('error', (error) => {
		if (incoming) return;
		settled();
		reject(signal?.aborted ? signal.reason : networkError(what, host, error));
	});
	if (body === undefined || Buffer.isBuffer(body)) outgoing.end(body);
	else {
		// An answer before all is sent is a refusal: the rest need not go.
		outgoing.once('response', () => body.stream.destroy());
		pipeline(body.stream, outgoing, (error) => {
			if (error && !incoming) end(body.failure() ?? networkError(what, host, error));
		});
	}
	return promise;
}

function isOursToSend(outgoing: ClientRequest): boolean {
	return !outgoing.writableEnded && outgoing.writableLength === 0;
}
