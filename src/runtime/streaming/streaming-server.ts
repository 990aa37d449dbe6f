/**
 * The server behind the URLs of Exec, Attach and PortForward: one-time tokens, SPDY/3.1 and WebSocket.
 * Source: runtime.md section 5; k8s.io/cri-streaming.
 */
import http from 'node:http';
import type { Duplex, Readable, Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { errorMessage } from '../../cri/errors.ts';
import type { StreamRequest } from '../../cri/ports.ts';
import type { Log } from '../log.ts';
import { createConnectionServer, type StreamingEntry } from './serve-connection.ts';
import { createTokens } from './tokens.ts';

/** The streams that a client has opened. stdin ends when the client closes its half. */
export type ClientStreams = {
	readonly stdin: Readable | undefined;
	readonly stdout: Writable | undefined;
	readonly stderr: Writable | undefined;
	/** Calls the listener for each new size of the client's terminal, the first one included. */
	readonly onResize: (listener: (columns: number, rows: number) => void) => void;
	/** Aborted when the client has gone. */
	readonly signal: AbortSignal;
};

/** How a session ended, as the client is told. */
export type SessionEnd =
	| { readonly kind: 'exited'; readonly exitCode: number }
	| { readonly kind: 'failed'; readonly message: string };

/** What is behind the streams. */
export type StreamingBackend = {
	exec(
		request: StreamRequest & { readonly command: readonly string[] },
		streams: ClientStreams,
	): Promise<SessionEnd>;
	attach(request: StreamRequest, streams: ClientStreams): Promise<SessionEnd>;
	/** Connects to a port of the pod. @throws with the words for the client's error stream. */
	connectPort(podSandboxId: string, port: number, options: { readonly signal: AbortSignal }): Promise<Duplex>;
};

export type StreamingServer = AsyncDisposable & {
	/** `http://127.0.0.1:PORT` */
	readonly baseUrl: string;
	/** @returns a URL that is good for one use within a minute. @throws ResourceExhaustedError beyond 1,000 open tokens */
	execUrl(request: StreamRequest & { readonly command: readonly string[] }): string;
	attachUrl(request: StreamRequest): string;
	portForwardUrl(request: { readonly podSandboxId: string; readonly ports: readonly number[] }): string;
};

/** What a streaming server allows; in milliseconds where it ends so. */
export type StreamingLimits = {
	/** How long a URL is good for; 60,000 by default. */
	readonly tokenTtlMs: number;
	/** URLs that may wait for their clients; 1,000 by default. */
	readonly maxTokens: number;
	/** How long a client may take to open its streams; 30,000 by default. */
	readonly streamCreationTimeoutMs: number;
	/** A connection on which nothing has moved for so long is closed; 4 hours by default, 0 for never. */
	readonly idleTimeoutMs: number;
	/** How long a client may take to close after everything was sent; 10,000 by default. */
	readonly lingerMs: number;
	/** How often a client whose input nobody takes is pinged, so that its end is noticed; 5,000 by default. */
	readonly heartbeatMs: number;
	/** How long sessions may take to end when the server is disposed of; 2,000 by default. */
	readonly disposeMs: number;
};

const defaultLimits: StreamingLimits = {
	tokenTtlMs: 60_000,
	maxTokens: 1000,
	streamCreationTimeoutMs: 30_000,
	idleTimeoutMs: 4 * 60 * 60_000,
	lingerMs: 10_000,
	heartbeatMs: 5000,
	disposeMs: 2000,
};

/**
 * Listens on loopback, on a port of the system's choice unless told.
 *
 * Who knows a URL may use it, from any process of the machine: the token in it is the permission, and only the one who
 * asked over the CRI socket was told it.
 * @throws Error where it cannot listen
 */
export async function createStreamingServer(options: {
	readonly backend: StreamingBackend;
	readonly log: Log;
	readonly host?: string | undefined;
	readonly port?: number | undefined;
	readonly limits?: Partial<StreamingLimits> | undefined;
}): Promise<StreamingServer> {
	const { backend, log, host = '127.0.0.1', port = 0 } = options;
	const limits = { ...defaultLimits, ...options.limits };
	const tokens = createTokens<StreamingEntry>({
		limit: limits.maxTokens,
		ttlMs: limits.tokenTtlMs,
		nowMs: () => performance.now(),
	});
	const connections = createConnectionServer({ backend, log, limits, take: tokens.take });
	const server = http.createServer({
		noDelay: true,
		keepAlive: true,
		keepAliveInitialDelay: 30_000,
		// Whoever has not said in this time what he wants holds a descriptor for nothing.
		headersTimeout: 10_000,
		requestTimeout: 10_000,
	});
	server.on('request', connections.refusePlain);
	const silent = limitSilent(server);
	server.on('upgrade', (request, socket, head) => {
		silent.delete(socket);
		connections.upgrade(request, socket, head);
	});
	server.on('clientError', (_error, socket) => {
		socket.destroy();
	});
	await new Promise<void>((resolve, reject) => {
		server.once('error', (error) =>
			reject(
				new Error(`cannot listen for streams on "${host}:${port}": ${errorMessage(error)}`, { cause: error }),
			),
		);
		server.listen(port, host, resolve);
	});
	const address = server.address();
	const boundPort = typeof address === 'object' && address !== null ? address.port : port;
	const baseUrl = `http://${host.includes(':') ? `[${host}]` : host}:${boundPort}`;
	const url = (entry: StreamingEntry) => `${baseUrl}/${entry.kind.toLowerCase()}/${tokens.issue(entry)}`;
	return {
		baseUrl,
		execUrl: (request) => url({ kind: 'exec', request }),
		attachUrl: (request) => url({ kind: 'attach', request }),
		portForwardUrl: (request) => url({ kind: 'portForward', request }),
		async [Symbol.asyncDispose]() {
			const stopped = new Promise((resolve) => server.close(resolve));
			server.closeAllConnections();
			const waited = new AbortController();
			await Promise.race([
				Promise.all([stopped, connections.close()]),
				sleep(limits.disposeMs, undefined, { signal: waited.signal }).catch(() => undefined),
			]);
			waited.abort();
		},
	};
}

/** Connections that have not said yet what they want. A client says it at once. */
const maxSilent = 100;

/**
 * Anybody on the machine may connect, and each connection takes a descriptor that containers need: beyond a hundred that
 * say nothing, the one that has done so longest is closed.
 * @returns those connections; one that has said what it wants is to be taken out
 */
function limitSilent(server: http.Server): Set<Duplex> {
	const silent = new Set<Duplex>();
	server.on('connection', (socket) => {
		silent.add(socket);
		socket.once('close', () => silent.delete(socket));
		const [longest] = silent;
		if (silent.size > maxSilent) longest?.destroy();
	});
	return silent;
}
