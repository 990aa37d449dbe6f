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
import { createHeaderBlockDecoder } from './header-decoder.ts';

/** Go's copy loops use this size too; a larger frame would sit whole in the other side's memory. */
const maxDataFrameBytes = 32 * 1024;
/** Answers to pings and new streams that may wait unsent; who asks for more without reading is hostile. */
const maxWaitingReplyBytes = 256 * 1024;
/** Where stream ids end; a connection that gets there has served for weeks. */
const lastStreamId = 0x7fffffff;

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

/** A stream that the client opened; header names are in lower case. */
export type OpenedSpdyStream = {
	readonly id: number;
	readonly headers: ReadonlyMap<string, string>;
	readonly stream: SpdyStream;
};

/** One side of a SPDY/3.1 connection, as Kubernetes streaming servers and their clients speak it. */
export type SpdyConnection = {
	/** For a client only. */
	openStream(headers: Readonly<Record<string, string>>, handlers: SpdyStreamHandlers): SpdyStream;
	/** Reads what came with the upgrade and then the socket; to be called once the first streams exist. */
	start(): void;
	/** Holds back every stream: Kubernetes' SPDY knows no window per stream. */
	pause(): void;
	resume(): void;
	/** Asks for an echo, which is not waited for: a peer that is gone shows even while nothing is read. */
	ping(): void;
	/** Sends what is queued, then ends; what still comes in is dropped. `onClose` follows once the other side ends too. */
	end(): void;
	/** Ends the connection at once; `onClose` follows. */
	destroy(): void;
};

/** What both sides have in common. */
export type SpdyConnectionOptions = {
	readonly socket: Duplex;
	/** What arrived with the switch to SPDY. */
	readonly head: Buffer;
	readonly onDrain: () => void;
	/** Called once, with the cause where there is one, after every stream's `onEnd`. */
	readonly onClose: (cause: Error | undefined) => void;
	/** Makes this the server's side: called for each new stream; undefined refuses it. */
	readonly onStream?: ((opened: OpenedSpdyStream) => SpdyStreamHandlers | undefined) | undefined;
};

type StreamState = { handlers: SpdyStreamHandlers; remoteEnded: boolean; localEnded: boolean };

/**
 * Speaks SPDY/3.1 over a socket that has just been switched to it.
 *
 * Flow control is left to TCP: moby/spdystream, which is everybody else, sends no window updates and ignores ours, so
 * keeping to a window would stall stdin at 64 KiB. A client skips the server's header blocks: its replies carry no
 * headers, and nothing else depends on them.
 * Source: SPDY protocol draft 3.1; behaviour of moby/spdystream in containerd 1.6.20.
 */
export function createSpdyConnection(options: SpdyConnectionOptions): SpdyConnection {
	const { socket, onStream } = options;
	const encodeHeaders = createHeaderBlockEncoder();
	const decodeHeaders = createHeaderBlockDecoder();
	const streams = new Map<number, StreamState>();
	/** Pings of a client have odd ids, those of a server even ones. */
	const ownParity = onStream === undefined ? 1 : 0;
	let nextId = 1;
	let lastAcceptedId = 0;
	let nextPing = ownParity === 0 ? 2 : 1;
	let waitingReplyBytes = 0;
	let failure: Error | undefined;
	let ending = false;
	let closed = false;

	const reply = (frame: Buffer) => {
		if (closed || !socket.writable || socket.write(frame)) return;
		waitingReplyBytes += frame.length;
		if (waitingReplyBytes > maxWaitingReplyBytes) {
			throw new Error('the other side asks without reading the answers');
		}
	};
	const endRemote = (id: number, how: 'finished' | 'reset') => {
		const stream = streams.get(id);
		if (stream === undefined || stream.remoteEnded) return;
		stream.remoteEnded = true;
		if (how === 'reset') stream.localEnded = true;
		if (stream.localEnded) streams.delete(id);
		stream.handlers.onEnd(how);
	};
	const ourSide = (id: number, state: StreamState): SpdyStream => {
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
	};
	const acceptStream = (id: number, flags: number, payload: Buffer) => {
		if (onStream === undefined) return reply(rstStreamFrame(id, resetStatus.refusedStream));
		if (payload.length < 10 || id % 2 === 0 || id <= lastAcceptedId) {
			throw new Error(`the other side opened stream ${id} against the protocol`);
		}
		lastAcceptedId = id;
		// Even the headers of a refused stream belong to the one zlib stream of the connection.
		const headers = decodeHeaders(payload.subarray(10));
		const state: StreamState = { handlers: ignored, remoteEnded: false, localEnded: false };
		streams.set(id, state);
		const handlers = ending ? undefined : onStream({ id, headers, stream: ourSide(id, state) });
		if (handlers === undefined) {
			streams.delete(id);
			state.localEnded = true;
			return reply(rstStreamFrame(id, resetStatus.refusedStream));
		}
		state.handlers = handlers;
		// Without a header block, be it an empty one, the frame is none: Go's reader waits for it.
		reply(controlFrame(controlType.synReply, 0, Buffer.concat([streamWord(id), encodeHeaders({})])));
		if ((flags & flagFin) !== 0) endRemote(id, 'finished');
	};
	const read = createFrameReader({
		onData: (id, bytes, fin) => {
			const stream = streams.get(id);
			if (bytes.length > 0 && stream?.remoteEnded === false) stream.handlers.onData(bytes);
			if (fin) endRemote(id, 'finished');
		},
		onControl: (type, flags, payload) => {
			if (payload.length < 4) return;
			const word = payload.readUInt32BE(0) & lastStreamId;
			if (type === controlType.rstStream) endRemote(word, 'reset');
			else if (type === controlType.synReply && (flags & flagFin) !== 0) endRemote(word, 'finished');
			else if (type === controlType.synStream) acceptStream(word, flags, payload);
			else if (type === controlType.ping && word % 2 !== ownParity) reply(controlFrame(type, 0, payload));
			// Its headers mean nothing to us, but what follows in the zlib stream may point back at them.
			else if (type === controlType.headers && onStream !== undefined) decodeHeaders(payload.subarray(4));
		},
	});
	const consume = (chunk: Buffer) => {
		if (failure !== undefined) return;
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
	socket.on('drain', () => {
		waitingReplyBytes = 0;
		options.onDrain();
	});
	socket.on('end', () => {
		// Sockets of an HTTP server stay half open. A client that ends is gone, unless we have ended before it.
		if (onStream !== undefined && !ending) socket.destroy();
	});
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
			return ourSide(id, state);
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
		ping: () => {
			if (closed || !socket.writable) return;
			socket.write(controlFrame(controlType.ping, 0, streamWord(nextPing)));
			nextPing = (nextPing + 2) & lastStreamId;
		},
		end: () => {
			if (closed || ending) return;
			ending = true;
			streams.clear();
			socket.resume();
			if (socket.writable) socket.end(goAwayFrame(lastAcceptedId));
		},
		destroy: () => {
			if (socket.writable) socket.write(goAwayFrame(lastAcceptedId));
			socket.destroy();
		},
	};
}

const ignored: SpdyStreamHandlers = { onData: () => {}, onEnd: () => {} };

function streamWord(id: number): Buffer {
	const word = Buffer.alloc(4);
	word.writeUInt32BE(id);
	return word;
}
