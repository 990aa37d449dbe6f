import type { Duplex } from 'node:stream';
import { createFrameReader } from './frame-reader.ts';
import {
	controlFrame,
	controlType,
	dataFrameHeader,
	flagFin,
	goAwayFrame,
	resetStatus,
	rstStreamFrame,
	synStreamFrame,
} from './frames.ts';
import { createHeaderBlockEncoder } from './header-block.ts';

/** Go's copy loops use this size too; a larger frame would sit whole in the server's memory. */
const maxDataFrameBytes = 32 * 1024;

/** What a stream's owner is told. `onEnd` comes once: the other side finished, reset, or is gone. */
export type SpdyStreamHandlers = {
	readonly onData: (bytes: Buffer) => void;
	readonly onEnd: (how: 'finished' | 'reset' | 'disconnected') => void;
};

/** Our side of one stream. Everything is a no-op once the stream is reset or the connection is gone. */
export type SpdyStream = {
	/** False: the socket's buffer is full; wait for the connection's `onDrain`. */
	write(bytes: Uint8Array): boolean;
	/** Says that nothing more comes from us; the other direction stays open. */
	end(): void;
	/** Ends both directions at once; `onEnd` is not called after it. */
	reset(): void;
};

/** The client side of a SPDY/3.1 connection, as Kubernetes streaming servers speak it. */
export type SpdyConnection = {
	openStream(headers: Readonly<Record<string, string>>, handlers: SpdyStreamHandlers): SpdyStream;
	/** Reads what came with the upgrade and then the socket; to be called once the first streams exist. */
	start(): void;
	/** Holds back every stream: SPDY servers of Kubernetes know no window per stream. */
	pause(): void;
	resume(): void;
	/** Ends the connection at once; `onClose` follows. */
	destroy(): void;
};

type StreamState = { readonly handlers: SpdyStreamHandlers; remoteEnded: boolean; localEnded: boolean };

/**
 * Speaks SPDY/3.1 over a socket that a server has just switched to it. `head` is what arrived with the
 * switch. `onClose` is called once with the cause where there is one, after every stream's `onEnd`.
 *
 * Flow control is left to TCP: the servers (moby/spdystream) send no window updates and ignore ours, so
 * keeping to a window would stall stdin at 64 KiB. Header blocks of the server are skipped: its replies
 * carry no headers, and nothing else depends on them.
 * Source: SPDY protocol draft 3.1; behaviour of moby/spdystream in containerd 1.6.20.
 */
export function createSpdyConnection(options: {
	readonly socket: Duplex;
	readonly head: Buffer;
	readonly onDrain: () => void;
	readonly onClose: (cause: Error | undefined) => void;
}): SpdyConnection {
	const { socket } = options;
	const encodeHeaders = createHeaderBlockEncoder();
	const streams = new Map<number, StreamState>();
	let nextId = 1;
	let failure: Error | undefined;
	let closed = false;

	const endRemote = (id: number, how: 'finished' | 'reset') => {
		const stream = streams.get(id);
		if (stream === undefined || stream.remoteEnded) return;
		stream.remoteEnded = true;
		if (how === 'reset') stream.localEnded = true;
		if (stream.localEnded) streams.delete(id);
		stream.handlers.onEnd(how);
	};
	const read = createFrameReader({
		onData: (id, bytes, fin) => {
			const stream = streams.get(id);
			if (bytes.length > 0 && stream?.remoteEnded === false) stream.handlers.onData(bytes);
			if (fin) endRemote(id, 'finished');
		},
		onControl: (type, flags, payload) => {
			if (payload.length < 4) return;
			const word = payload.readUInt32BE(0) & 0x7fffffff;
			if (type === controlType.rstStream) endRemote(word, 'reset');
			else if (type === controlType.synReply && (flags & flagFin) !== 0) endRemote(word, 'finished');
			else if (type === controlType.synStream) socket.write(rstStreamFrame(word, resetStatus.refusedStream));
			// Pings with even ids are the server's own and wait for an echo; ours would be odd.
			else if (type === controlType.ping && word % 2 === 0) socket.write(controlFrame(type, 0, payload));
		},
	});
	const consume = (chunk: Buffer) => {
		try {
			read(chunk);
		} catch (error) {
			failure ??= error as Error;
			socket.destroy();
		}
	};
	socket.on('error', (error) => {
		failure ??= error;
	});
	socket.on('drain', options.onDrain);
	socket.on('close', () => {
		closed = true;
		const open = [...streams.values()].filter((stream) => !stream.remoteEnded);
		streams.clear();
		for (const stream of open) stream.handlers.onEnd('disconnected');
		options.onClose(failure);
	});

	const sendData = (id: number, bytes: Uint8Array): boolean => {
		let flowing = true;
		socket.cork();
		for (let offset = 0; offset < bytes.length; offset += maxDataFrameBytes) {
			const piece = bytes.subarray(offset, offset + maxDataFrameBytes);
			socket.write(dataFrameHeader(id, 0, piece.length));
			flowing = socket.write(piece);
		}
		socket.uncork();
		return flowing;
	};
	return {
		openStream: (headers, handlers) => {
			const id = nextId;
			nextId += 2;
			const state: StreamState = { handlers, remoteEnded: false, localEnded: false };
			if (closed || socket.destroyed) {
				queueMicrotask(() => handlers.onEnd('disconnected'));
				return { write: () => true, end: () => {}, reset: () => {} };
			}
			streams.set(id, state);
			socket.write(synStreamFrame(id, encodeHeaders(headers)));
			const writable = () => !closed && !state.localEnded && socket.writable;
			return {
				write: (bytes) => (writable() ? sendData(id, bytes) : true),
				end: () => {
					if (!writable()) return;
					state.localEnded = true;
					socket.write(dataFrameHeader(id, flagFin, 0));
					if (state.remoteEnded) streams.delete(id);
				},
				reset: () => {
					if (closed || !streams.delete(id)) return;
					state.localEnded = true;
					state.remoteEnded = true;
					if (socket.writable) socket.write(rstStreamFrame(id, resetStatus.cancel));
				},
			};
		},
		start: () => {
			if (options.head.length > 0) consume(options.head);
			socket.on('data', consume);
		},
		pause: () => {
			socket.pause();
		},
		resume: () => {
			socket.resume();
		},
		destroy: () => {
			if (socket.writable) socket.write(goAwayFrame(0));
			socket.destroy();
		},
	};
}
