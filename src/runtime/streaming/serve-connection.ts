/** From an HTTP request with a token to the session behind it. */
import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import type WebSocket from 'ws';
import { createWebSocketStream, WebSocketServer } from 'ws';
import { errorMessage } from '../../cri/errors.ts';
import type { StreamRequest } from '../../cri/ports.ts';
import type { Log } from '../log.ts';
import { type Dial, parsePort, serveSpdyPortForward, spdyPortForwardProtocols } from './spdy-port-forward.ts';
import { type SessionOptions, serveSpdySession, spdySessionProtocols } from './spdy-session.ts';
import type { ClientStreams, SessionEnd, StreamingBackend, StreamingLimits } from './streaming-server.ts';
import { chooseProtocol, headerWords, isRebound, upgradeKind } from './upgrade-request.ts';
import {
	serveWebSocketPortForward,
	tunnelProtocol,
	webSocketPortForwardProtocols,
} from './websocket-port-forward.ts';
import { serveWebSocketSession, webSocketSessionProtocols } from './websocket-session.ts';

/** What a token stands for. */
export type StreamingEntry =
	| { readonly kind: 'exec'; readonly request: StreamRequest & { readonly command: readonly string[] } }
	| { readonly kind: 'attach'; readonly request: StreamRequest }
	| {
			readonly kind: 'portForward';
			readonly request: { readonly podSandboxId: string; readonly ports: readonly number[] };
	  };

/** The listeners of the HTTP server. */
export type ConnectionServer = {
	/** Answers a request that does not ask to switch protocols. */
	refusePlain(request: IncomingMessage, response: ServerResponse): void;
	upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
	/** Cuts every connection. Resolves when the sessions have ended. */
	close(): Promise<void>;
};

/** Why a request is turned down. */
type Refusal = {
	readonly status: number;
	readonly words: string;
	readonly headers?: Readonly<Record<string, string>>;
};

/** Larger than any client's message; Go's server takes as much. */
const maxMessageBytes = 32 << 20;

/** What may wait unsent before pings go unanswered: more than one piece of output. */
const maxWaitingBytes = 1 << 20;

/** @param options.take takes the request of a token; undefined where there is none (any more) */
export function createConnectionServer(options: {
	readonly backend: StreamingBackend;
	readonly log: Log;
	readonly limits: StreamingLimits;
	readonly take: (token: string) => StreamingEntry | undefined;
}): ConnectionServer {
	const { backend, log, limits, take } = options;
	const sockets = new Set<Duplex>();
	const sessions = new Set<Promise<void>>();
	let closing = false;

	/** Takes the token out, so that it is used up even where the rest of the request is no good. */
	const admit = (request: IncomingMessage): StreamingEntry | Refusal => {
		if (request.method !== 'GET' && request.method !== 'POST') {
			return { status: 405, words: 'only GET and POST are served', headers: { Allow: 'GET, POST' } };
		}
		if (isRebound(request.headers)) {
			return { status: 403, words: 'the page that asks was reached under a name that is not this machine' };
		}
		const [, kind, token = ''] = /^\/(exec|attach|portforward)\/([\w-]+)$/.exec(pathOf(request)) ?? [];
		const entry = kind === undefined ? undefined : take(token);
		if (entry?.kind.toLowerCase() !== kind || entry === undefined) {
			return { status: 404, words: 'there is no such stream: its URL is unknown, used or expired' };
		}
		return entry;
	};
	const track = (socket: Duplex, session: Promise<void>) => {
		sockets.add(socket);
		socket.once('close', () => sockets.delete(socket));
		sessions.add(session);
		void session.finally(() => sessions.delete(session));
	};
	const run = (entry: Exclude<StreamingEntry, { kind: 'portForward' }>) => {
		return async (streams: ClientStreams): Promise<SessionEnd> => {
			const fields = { kind: entry.kind, container: entry.request.containerId };
			log('debug', 'stream opened', fields);
			try {
				const end = await (entry.kind === 'exec'
					? backend.exec(entry.request, streams)
					: backend.attach(entry.request, streams));
				const result = end.kind === 'exited' ? `exit code ${end.exitCode}` : end.message;
				log('debug', 'stream ended', { ...fields, result });
				return end;
			} catch (error) {
				const message = errorMessage(error);
				log(streams.signal.aborted ? 'debug' : 'warn', 'stream failed', { ...fields, error: message });
				return { kind: 'failed', message };
			}
		};
	};
	const dialer = (podSandboxId: string): Dial => {
		return async (port, dialOptions) => {
			try {
				return await backend.connectPort(podSandboxId, port, dialOptions);
			} catch (error) {
				log('debug', 'port not reached', { pod: podSandboxId, port, error: errorMessage(error) });
				throw error;
			}
		};
	};
	const sessionOptions = (
		entry: Exclude<StreamingEntry, { kind: 'portForward' }>,
		protocol: string,
	): SessionOptions => ({ protocol, request: entry.request, run: run(entry), limits });

	const serveSpdy = (entry: StreamingEntry, request: IncomingMessage, socket: Duplex, head: Buffer) => {
		const known = entry.kind === 'portForward' ? spdyPortForwardProtocols : spdySessionProtocols;
		const offered = headerWords(request.headers['x-stream-protocol-version']);
		if (offered.length === 0) {
			return refuse(socket, { status: 400, words: 'the header X-Stream-Protocol-Version is missing' });
		}
		const protocol = chooseProtocol(offered, known);
		if (protocol === undefined) {
			return refuse(socket, {
				status: 403,
				words: `none of these protocols is served: ${offered.join(', ').slice(0, 200)}`,
				headers: { 'X-Accepted-Stream-Protocol-Versions': known.join(', ') },
			});
		}
		socket.write(
			`HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\nX-Stream-Protocol-Version: ${protocol}\r\n\r\n`,
		);
		const session =
			entry.kind === 'portForward'
				? serveSpdyPortForward({
						socket,
						head,
						dial: dialer(entry.request.podSandboxId),
						limits,
					})
				: serveSpdySession({ ...sessionOptions(entry, protocol), socket, head });
		track(socket, session);
	};

	const chosen = new WeakMap<IncomingMessage, string>();
	const webSocketOptions = {
		noServer: true,
		clientTracking: false,
		perMessageDeflate: false,
		maxPayload: maxMessageBytes,
		// Known to ws since 8.19, to its types not yet.
		closeTimeout: limits.lingerMs,
		autoPong: false,
	} as const;
	const webSockets = new WebSocketServer(webSocketOptions);
	webSockets.on('headers', (headers, request) => {
		const protocol = chosen.get(request);
		if (protocol) headers.push(`Sec-WebSocket-Protocol: ${protocol}`);
	});
	const forwardOverWebSocket = (
		{ request }: Extract<StreamingEntry, { kind: 'portForward' }>,
		webSocket: WebSocket,
		protocol: string,
		ports: readonly number[],
	): Promise<void> => {
		const dial = dialer(request.podSandboxId);
		if (protocol !== tunnelProtocol) {
			return serveWebSocketPortForward({ socket: webSocket, protocol, ports, dial, limits });
		}
		return serveSpdyPortForward({
			socket: createWebSocketStream(webSocket),
			head: Buffer.alloc(0),
			dial,
			limits,
		});
	};
	const serveWebSocket = (entry: StreamingEntry, request: IncomingMessage, socket: Duplex, head: Buffer) => {
		const known = entry.kind === 'portForward' ? webSocketPortForwardProtocols : webSocketSessionProtocols;
		const offered = headerWords(request.headers['sec-websocket-protocol']);
		const protocol = chooseProtocol(offered.length === 0 ? [''] : offered, known);
		if (protocol === undefined) {
			return refuse(socket, {
				status: 403,
				words: `none of these protocols is served: ${offered.join(', ').slice(0, 200)}`,
			});
		}
		let ports: readonly number[] | undefined = [];
		if (entry.kind === 'portForward' && protocol !== tunnelProtocol) {
			ports = portsOf(entry.request.ports, request, protocol);
			if (ports === undefined) {
				return refuse(socket, {
					status: 400,
					words: 'the query needs ports from 1 to 65535, and not too many',
				});
			}
		}
		// Where the handshake is wrong, ws answers by itself, and this is never called.
		chosen.set(request, protocol);
		// The choice is made. By the letter of the standard ws would refuse Kubernetes' names that have a slash in them.
		delete request.headers['sec-websocket-protocol'];
		webSockets.handleUpgrade(request, socket, head, (webSocket) => {
			webSocket.on('ping', (bytes) => {
				// Who pings without reading the answers gets no more of them: each would wait in our memory.
				if (webSocket.bufferedAmount < maxWaitingBytes) webSocket.pong(bytes);
			});
			setIdleTimeout(socket, limits.idleTimeoutMs);
			const session =
				entry.kind === 'portForward'
					? forwardOverWebSocket(entry, webSocket, protocol, ports ?? [])
					: serveWebSocketSession({ ...sessionOptions(entry, protocol), socket: webSocket });
			track(socket, session);
		});
	};

	return {
		refusePlain(request, response) {
			const admitted = admit(request);
			const refusal: Refusal =
				'status' in admitted
					? admitted
					: { status: 400, words: 'the request does not ask to switch protocols' };
			response.writeHead(refusal.status, {
				'Content-Type': 'text/plain; charset=utf-8',
				Connection: 'close',
				...refusal.headers,
			});
			response.end(`${refusal.words}\n`);
		},
		upgrade(request, socket, head) {
			socket.on('error', () => undefined);
			if (closing) return void socket.destroy();
			const admitted = admit(request);
			if ('status' in admitted) return refuse(socket, admitted);
			setIdleTimeout(socket, limits.idleTimeoutMs);
			const kind = upgradeKind(request.headers);
			if (kind === 'spdy') serveSpdy(admitted, request, socket, head);
			else if (kind === 'websocket') serveWebSocket(admitted, request, socket, head);
			else refuse(socket, { status: 400, words: 'only SPDY/3.1 and WebSocket are served' });
		},
		async close() {
			closing = true;
			for (const socket of sockets) socket.destroy();
			await Promise.all(sessions);
		},
	};
}

/** Which ports a WebSocket client wants: what PortForward was asked for, else what the query says. */
function portsOf(
	requested: readonly number[],
	request: IncomingMessage,
	protocol: string,
): readonly number[] | undefined {
	const query = new URL(request.url ?? '/', 'http://localhost').searchParams;
	const asked = query.getAll('port').flatMap((value) => value.split(','));
	const ports: readonly (number | undefined)[] = requested.length > 0 ? requested : asked.map(parsePort);
	// Two channels each, whose number is one byte, or one character of ASCII.
	const most = protocol.includes('base64') ? 39 : 127;
	if (ports.length === 0 || ports.length > most || ports.includes(undefined)) return undefined;
	return ports.filter((port) => port !== undefined);
}

function pathOf(request: IncomingMessage): string {
	return (request.url ?? '').split('?', 1)[0] ?? '';
}

function setIdleTimeout(socket: Duplex, idleTimeoutMs: number): void {
	// Node's own clock for sockets: it counts what moves in either direction.
	if (!('setTimeout' in socket) || typeof socket.setTimeout !== 'function') return;
	socket.removeAllListeners('timeout');
	socket.setTimeout(idleTimeoutMs, () => socket.destroy());
}

function refuse(socket: Duplex, { status, words, headers = {} }: Refusal): void {
	const lines = Object.entries({
		'Content-Type': 'text/plain; charset=utf-8',
		'Content-Length': String(Buffer.byteLength(words) + 1),
		Connection: 'close',
		...headers,
	}).map(([name, value]) => `${name}: ${value}\r\n`);
	socket.once('finish', () => socket.destroy());
	socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${lines.join('')}\r\n${words}\n`);
}
