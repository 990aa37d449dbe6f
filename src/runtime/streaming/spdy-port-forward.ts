import type { Duplex } from 'node:stream';
import {
	createSpdyConnection,
	type OpenedSpdyStream,
	type SpdyStream,
	type SpdyStreamHandlers,
} from '../../cri/streaming/spdy/connection.ts';
import { createForwarded, type Forwarded } from './forwarded.ts';
import { createReadHold } from './read-hold.ts';
import type { SessionLimits } from './spdy-session.ts';

/** Port-forward's only protocol over SPDY. */
export const spdyPortForwardProtocols: readonly string[] = ['portforward.k8s.io'];

/** Connections that one client may have open at a time: each costs a descriptor, of which the runtime has a few thousand. */
const maxConnections = 1000;

/** Connects to a port of the pod. */
export type Dial = (port: number, options: { readonly signal: AbortSignal }) => Promise<Duplex>;

/** A connection of which the client has opened one stream of two. */
type Pair = {
	readonly timer: NodeJS.Timeout;
	errorStream?: SpdyStream;
	data?: { readonly stream: SpdyStream; readonly forwarded: Forwarded };
};

/**
 * Serves a port-forward over SPDY/3.1 until the connection is closed and all that hung on it is. Never rejects.
 * For every TCP connection the client opens an error stream and a data stream with the same request id.
 * Source: runtime.md §5.3; k8s.io/cri-streaming portforward/httpstream.go
 */
export async function serveSpdyPortForward(options: {
	readonly socket: Duplex;
	readonly head: Buffer;
	readonly dial: Dial;
	readonly limits: SessionLimits;
}): Promise<void> {
	const { dial } = options;
	const pairs = new Map<string, Pair>();
	const open = new Set<Forwarded>();
	const { promise: closed, resolve: setClosed } = Promise.withResolvers<void>();
	let waiting: (() => void)[] = [];

	const pairOf = (key: string): Pair => {
		const known = pairs.get(key);
		if (known !== undefined) return known;
		const timer = setTimeout(() => {
			pairs.delete(key);
			refuse(pair, 'the other stream of the connection did not come in time');
		}, options.limits.streamCreationTimeoutMs);
		const pair: Pair = { timer };
		pairs.set(key, pair);
		return pair;
	};
	const refuse = ({ errorStream, data }: Pair, words: string) => {
		errorStream?.write(Buffer.from(words));
		errorStream?.end();
		data?.stream.reset();
		data?.forwarded.abort();
	};
	const join = (key: string, pair: Pair) => {
		if (pair.errorStream === undefined || pair.data === undefined) return;
		pairs.delete(key);
		clearTimeout(pair.timer);
		if (open.size > maxConnections) {
			refuse(pair, `this port-forward has ${maxConnections} connections open already`);
		} else pair.data.forwarded.start();
	};
	const openData = (pair: Pair, port: number, stream: SpdyStream): Forwarded => {
		const forwarded = createForwarded({
			hold,
			dial: (dialOptions) => dial(port, dialOptions),
			client: {
				send: (bytes, done) => {
					if (stream.write(bytes)) done();
					else waiting.push(done);
				},
				endData: () => {
					stream.end();
					return true;
				},
				resetData: stream.reset,
				endError: (words) => {
					if (words !== undefined) pair.errorStream?.write(Buffer.from(words));
					pair.errorStream?.end();
				},
			},
		});
		open.add(forwarded);
		void forwarded.done.then(() => open.delete(forwarded));
		return forwarded;
	};
	const onStream = ({ id, headers, stream }: OpenedSpdyStream): SpdyStreamHandlers | undefined => {
		const port = parsePort(headers.get('port') ?? '');
		const type = headers.get('streamtype');
		if (port === undefined || (type !== 'error' && type !== 'data')) return undefined;
		// Clients of old send no request id, and the data stream right behind the error stream.
		const key = headers.get('requestid') || `#${type === 'error' ? id : id - 2}`;
		if (!pairs.has(key) && pairs.size >= maxConnections) return undefined;
		const pair = pairOf(key);
		if (type === 'error') {
			if (pair.errorStream !== undefined) return undefined;
			pair.errorStream = stream;
			queueMicrotask(() => join(key, pair));
			return { onData: () => {}, onEnd: () => {} };
		}
		if (pair.data !== undefined) return undefined;
		const forwarded = openData(pair, port, stream);
		pair.data = { stream, forwarded };
		queueMicrotask(() => join(key, pair));
		return {
			onData: forwarded.take,
			onEnd: (how) => {
				if (how === 'finished') forwarded.endInput();
				else forwarded.abort();
			},
		};
	};
	const connection = createSpdyConnection({
		socket: options.socket,
		head: options.head,
		onStream,
		onDrain: () => {
			const woken = waiting;
			waiting = [];
			for (const done of woken) done();
		},
		onClose: () => {
			hold.close();
			for (const { timer } of pairs.values()) clearTimeout(timer);
			pairs.clear();
			for (const forwarded of open) forwarded.abort();
			setClosed();
		},
	});
	const hold = createReadHold(
		{ pause: connection.pause, resume: connection.resume, beat: connection.ping },
		options.limits.heartbeatMs,
	);
	connection.start();
	await closed;
	await Promise.all([...open].map((forwarded) => forwarded.done));
}

/** A port in decimal; undefined for anything but 1 to 65535. */
export function parsePort(text: string): number | undefined {
	const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
	return port >= 1 && port <= 65_535 ? port : undefined;
}
