import type { Duplex } from 'node:stream';
import type { StreamRequest } from '../../cri/ports.ts';
import {
	createSpdyConnection,
	type OpenedSpdyStream,
	type SpdyStream,
	type SpdyStreamHandlers,
} from '../../cri/streaming/spdy/connection.ts';
import { createSessionStreams } from './client-streams.ts';
import { endReport } from './end-report.ts';
import { createReadHold } from './read-hold.ts';
import type { ClientStreams, SessionEnd } from './streaming-server.ts';

/** Exec's and attach's protocols over SPDY. Source: runtime.md §5.2 */
export const spdySessionProtocols: readonly string[] = [
	'v4.channel.k8s.io',
	'v3.channel.k8s.io',
	'v2.channel.k8s.io',
	'channel.k8s.io',
];

/** How long a peer may take for what it has to do itself. */
export type SessionLimits = {
	/** For the client to open all its streams. */
	readonly streamCreationTimeoutMs: number;
	/** For the client to close after everything was sent. */
	readonly lingerMs: number;
	/** Between pings to a client whose input nobody takes. */
	readonly heartbeatMs: number;
};

/** One session, on a connection that has been switched to its protocol. */
export type SessionOptions = {
	readonly protocol: string;
	readonly request: StreamRequest;
	/** What is behind the streams; never rejects. */
	readonly run: (streams: ClientStreams) => Promise<SessionEnd>;
	readonly limits: SessionLimits;
};

/** Which streams the client has to open before anything starts. */
function expectedStreams(request: StreamRequest, protocol: string): ReadonlySet<string> {
	const knowsResize = protocol !== 'v2.channel.k8s.io' && protocol !== 'channel.k8s.io';
	return new Set(
		[
			'error',
			request.stdin && 'stdin',
			request.stdout && 'stdout',
			request.stderr && !request.tty && 'stderr',
			request.tty && knowsResize && 'resize',
		].filter((name) => name !== false),
	);
}

/** Serves an exec or attach over SPDY/3.1 until the connection is closed. Never rejects. */
export async function serveSpdySession(
	options: SessionOptions & { readonly socket: Duplex; readonly head: Buffer },
): Promise<void> {
	const { socket, request, protocol, limits } = options;
	const expected = expectedStreams(request, protocol);
	const opened = new Map<string, SpdyStream>();
	const { promise: ready, resolve: setReady } = Promise.withResolvers<boolean>();
	const { promise: closed, resolve: setClosed } = Promise.withResolvers<void>();
	let waiting: (() => void)[] = [];

	const onStream = ({ headers, stream }: OpenedSpdyStream): SpdyStreamHandlers | undefined => {
		const name = headers.get('streamtype') ?? '';
		if (!expected.has(name) || opened.has(name)) return undefined;
		opened.set(name, stream);
		if (opened.size === expected.size) setReady(true);
		if (name === 'stdin') return { onData: session.takeStdin, onEnd: session.endStdin };
		return { onData: name === 'resize' ? session.takeResize : () => {}, onEnd: () => {} };
	};
	const connection = createSpdyConnection({
		socket,
		head: options.head,
		onStream,
		onDrain: () => {
			const woken = waiting;
			waiting = [];
			for (const done of woken) done();
		},
		onClose: () => {
			hold.close();
			session.gone();
			setReady(false);
			setClosed();
		},
	});
	const hold = createReadHold(
		{ pause: connection.pause, resume: connection.resume, beat: connection.ping },
		limits.heartbeatMs,
	);
	const session = createSessionStreams({
		request,
		hold,
		send: (name, bytes, done) => {
			if (opened.get(name)?.write(bytes) === false) waiting.push(done);
			else done();
		},
	});
	const timer = setTimeout(connection.destroy, limits.streamCreationTimeoutMs);
	connection.start();
	const complete = await ready;
	clearTimeout(timer);
	if (complete) {
		const end = await options.run(session.streams);
		await session.flush();
		hold.close();
		const report = endReport(end, protocol === 'v4.channel.k8s.io' ? 'status' : 'text');
		if (report !== '') opened.get('error')?.write(Buffer.from(report));
		for (const stream of opened.values()) stream.end();
		endGently(socket, connection.end, limits.lingerMs);
	}
	await closed;
}

/**
 * Ends a connection so that the peer gets everything: closing a socket while bytes come in would reset it and drop what the
 * peer has not read. @param end ends the writing side and goes on reading
 */
export function endGently(socket: Duplex, end: () => void, lingerMs: number): void {
	let timer: NodeJS.Timeout | undefined;
	socket.once('finish', () => {
		timer = setTimeout(() => socket.destroy(), lingerMs);
	});
	socket.once('close', () => clearTimeout(timer));
	end();
}
