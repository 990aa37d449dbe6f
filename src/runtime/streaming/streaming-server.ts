/**
 * The server behind the URLs of Exec, Attach and PortForward: one-time tokens, SPDY/3.1 and WebSocket.
 * Source: runtime.md section 5; k8s.io/cri-streaming.
 */
import type { StreamRequest } from '../../cri/ports.ts';

/** The streams that a client has opened. stdin ends when the client closes its half. */
export type ClientStreams = {
	readonly stdin: import('node:stream').Readable | undefined;
	readonly stdout: import('node:stream').Writable | undefined;
	readonly stderr: import('node:stream').Writable | undefined;
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
	connectPort(
		podSandboxId: string,
		port: number,
		options: { readonly signal: AbortSignal },
	): Promise<import('node:stream').Duplex>;
};

export type StreamingServer = AsyncDisposable & {
	/** `http://127.0.0.1:PORT` */
	readonly baseUrl: string;
	/** @returns a URL that is good for one use within a minute. @throws ResourceExhaustedError beyond 1,000 open tokens */
	execUrl(request: StreamRequest & { readonly command: readonly string[] }): string;
	attachUrl(request: StreamRequest): string;
	portForwardUrl(request: { readonly podSandboxId: string; readonly ports: readonly number[] }): string;
};
