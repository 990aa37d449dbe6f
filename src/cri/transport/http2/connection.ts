/**
 * One client's connection to a gRPC server, frame by frame. Nothing that a client sends makes it throw: what breaks the
 * protocol ends the stream or the connection. Source: RFC 9113.
 */
import { checkTrailers, httpHeaders, readCallHeaders } from './call-headers.ts';
import { createPrefaceReader } from './client-preface.ts';
import { createFrameReader } from './frame-reader.ts';
import {
	errorCodes,
	frame,
	frameFlags,
	frameTypes,
	goAwayFrame,
	largestWindowBytes,
	resetFrame,
	usualPayloadBytes,
	windowUpdateFrame,
} from './frames.ts';
import { createHeaderBlocks, type HeaderBlock } from './header-blocks.ts';
import { createHpackDecoder } from './hpack-decoder.ts';
import { Http2ConnectionError, Http2StreamError } from './http2-error.ts';
import { type IncomingMethods, methodThatIsNone } from './incoming-call.ts';
import { type KeepAliveTimes, keepAlive } from './keep-alive.ts';
import { createKnownCalls } from './known-calls.ts';
import * as limits from './limits.ts';
import { headerPiece, readIncrement, withoutPadding } from './payloads.ts';
import { createSender } from './sender.ts';
import { ServerStream } from './server-stream.ts';
import { applySettings, greeting, settingsAck } from './settings.ts';
import type { SocketReads } from './socket-reads.ts';
import { createSocketWriter } from './socket-writer.ts';
import type { WholeAnswers } from './whole-answers.ts';

/** What all connections of a server share. */
export type ConnectionOptions = {
	readonly methods: IncomingMethods;
	/** Largest request, in bytes. */
	readonly maxMessageBytes: number;
	readonly keepAlive: KeepAliveTimes;
	/** From huffman.ts. */
	readonly huffman: (bytes: Buffer) => string;
	readonly wholeAnswers: WholeAnswers;
	/** Told of a fault of ours; the connection is ended for it. */
	readonly onFault: (error: unknown) => void;
};

/** A connection that is served. */
export type ServerConnection = {
	/** Asks the client to begin no more calls here; what it begins all the same is served. */
	drain(): void;
	/** Ends it once what was written is on its way, and cancels the calls that are left. */
	end(): void;
};

/** Serves a connection until it ends. */
export function serveConnection(
	{ socket, onBytes }: SocketReads,
	options: ConnectionOptions,
): ServerConnection {
	const { methods, maxMessageBytes } = options;
	const streams = new Map<number, ServerStream>();
	const put = createSocketWriter(socket);
	const sender = createSender(socket, {
		put,
		wholeAnswers: options.wholeAnswers,
		onSent: (answer) => {
			const stream = streams.get(answer.stream);
			streams.delete(answer.stream);
			stream?.dropRequests();
		},
		needsReset: ({ stream }) => streams.get(stream)?.requestEnded !== true,
	});
	const known = createKnownCalls();
	const decode = createHpackDecoder({
		maxTableBytes: limits.headerTableBytes,
		maxListBytes: limits.maxHeaderBytes,
		huffman: options.huffman,
		onChange: known.changed,
	});
	const blocks = createHeaderBlocks();
	const tooMany = limits.createFloodGate();
	const alive = keepAlive(
		options.keepAlive,
		() => reply(frame(frameTypes.ping, 0, 0, Buffer.alloc(8))),
		() => socket.destroy(),
	);
	const readPreface = createPrefaceReader();
	let begun = false;
	let settingsCame = false;
	let lastStream = 0;
	let windowBytes: number = limits.connectionWindowBytes;
	let untoldBytes = 0;
	let underWay = 0;
	let over = false;

	const parts = {
		sender,
		maxMessageBytes,
		hold: limits.createHold(2 * maxMessageBytes),
		inTurn: limits.createTurns(),
		tellWindow: (id: number, bytes: number) => reply(windowUpdateFrame(id, bytes)),
		underWay: (change: 1 | -1) => {
			underWay += change;
		},
	};

	/** Replies to a frame. A client that makes us reply and does not read is let go. */
	function reply(bytes: Buffer): void {
		if (over) return;
		put(bytes, bytes.length);
		if (socket.writableLength > limits.maxUnreadBytes) socket.destroy();
	}

	function reset(id: number, code: number): void {
		const stream = streams.get(id);
		streams.delete(id);
		stream?.abandon();
		reply(resetFrame(id, code));
	}

	/** For frames that bring nothing. */
	function charge(): void {
		if (tooMany()) fail(errorCodes.enhanceYourCalm, 'too many frames that bring nothing');
	}

	/** @returns the stream, undefined where it has ended. @throws Http2ConnectionError where it never began */
	function streamOf(id: number): ServerStream | undefined {
		const stream = streams.get(id);
		// The client may not know yet that a stream has ended.
		if (stream === undefined && (id > lastStream || id % 2 === 0)) {
			fail(errorCodes.protocol, `a frame of stream ${id}, which nobody has opened`);
		}
		return stream;
	}

	function onHeaderBlock({ stream: id, ends, bytes }: HeaderBlock): void {
		const stream = streams.get(id);
		const before = stream === undefined ? known.find(bytes) : undefined;
		known.decoding();
		// Decoded in any case, since blocks depend on those before; not on one that is known.
		const fields = before === undefined ? decode(bytes) : [];
		if (stream !== undefined) {
			if (stream.requestEnded) throw new Http2StreamError(errorCodes.streamClosed, 'a word after the last');
			if (!ends) throw new Http2StreamError(errorCodes.protocol, 'fields in the middle of a request');
			checkTrailers(fields);
			return void stream.endRequest();
		}
		if (id % 2 === 0) fail(errorCodes.protocol, `stream ${id} of a client`);
		if (id <= lastStream) return void charge();
		lastStream = id;
		if (streams.size >= limits.maxConcurrentStreams || underWay >= limits.maxConcurrentStreams) {
			throw new Http2StreamError(errorCodes.refused, 'too many calls at once');
		}
		const headers = before ?? known.keep(bytes, readCallHeaders(fields));
		if (headers.httpStatus !== undefined) {
			const block = httpHeaders(headers.httpStatus);
			reply(frame(frameTypes.headers, frameFlags.endHeaders | frameFlags.endStream, id, block));
			if (!ends) reply(resetFrame(id, errorCodes.none));
			return;
		}
		const method = headers.refusal ?? methods.get(headers.path) ?? methodThatIsNone(headers.path);
		const opened = new ServerStream(id, headers, method, parts);
		opened.requestEnded = ends;
		streams.set(id, opened);
		opened.beginStreamed();
		if (ends) opened.endRequest();
	}

	function onData(flags: number, id: number, payload: Buffer): void {
		const body = withoutPadding(flags, payload);
		const ends = (flags & frameFlags.endStream) !== 0;
		windowBytes -= payload.length;
		if (windowBytes < 0) fail(errorCodes.flowControl, 'more than the window of the connection');
		untoldBytes += payload.length;
		if (untoldBytes >= limits.connectionWindowBytes / 2) {
			windowBytes += untoldBytes;
			reply(windowUpdateFrame(0, untoldBytes));
			untoldBytes = 0;
		}
		const stream = streamOf(id);
		if (body.length === 0 && !ends) charge();
		if (stream === undefined) return;
		if (stream.requestEnded) throw new Http2StreamError(errorCodes.streamClosed, 'a word after the last');
		if (!stream.charge(payload.length)) {
			throw new Http2StreamError(errorCodes.flowControl, 'more than its window');
		}
		stream.receive(body, payload.length - body.length, ends);
	}

	function onSettings(flags: number, payload: Buffer): void {
		if ((flags & frameFlags.ack) === 0) {
			applySettings(payload, sender);
			reply(settingsAck);
		} else if (payload.length > 0) fail(errorCodes.frameSize, 'an acknowledgement that says something');
	}

	function onFrame(type: number, flags: number, id: number, payload: Buffer): void {
		if (over) return;
		if (!settingsCame && (type !== frameTypes.settings || flags & frameFlags.ack)) {
			fail(errorCodes.protocol, 'no settings at first');
		}
		settingsCame = true;
		if (blocks.open() !== (type === frameTypes.continuation)) {
			fail(errorCodes.protocol, 'header fields that are not continued');
		}
		const ofConnection =
			type === frameTypes.settings || type === frameTypes.ping || type === frameTypes.goAway;
		if (type <= frameTypes.continuation && type !== frameTypes.windowUpdate && ofConnection !== (id === 0)) {
			fail(errorCodes.protocol, `a frame of type ${type} on stream ${id}`);
		}
		try {
			act(type, flags, id, payload);
		} catch (error) {
			if (!(error instanceof Http2StreamError)) throw error;
			charge();
			reset(id, error.code);
		}
	}

	function act(type: number, flags: number, id: number, payload: Buffer): void {
		if (type === frameTypes.data) return void onData(flags, id, payload);
		if (type === frameTypes.headers || type === frameTypes.continuation) {
			const block =
				type === frameTypes.headers
					? blocks.begin(flags, id, headerPiece(flags, payload))
					: blocks.continue(flags, id, payload);
			if (block !== undefined) onHeaderBlock(block);
			return;
		}
		if (type === frameTypes.windowUpdate) {
			const stream = id === 0 ? undefined : streamOf(id);
			const bytes = readIncrement(id, payload);
			if (id === 0 || stream !== undefined) sender.grant(stream?.answer, bytes);
			return;
		}
		charge();
		if (type === frameTypes.settings) onSettings(flags, payload);
		else if (type === frameTypes.ping) {
			if (payload.length !== 8) fail(errorCodes.frameSize, 'a ping of another size');
			if ((flags & frameFlags.ack) === 0) reply(frame(frameTypes.ping, frameFlags.ack, 0, payload));
		} else if (type === frameTypes.reset) {
			if (payload.length !== 4) fail(errorCodes.frameSize, 'a reset of another size');
			const stream = streamOf(id);
			streams.delete(id);
			stream?.abandon();
		} else if (type === frameTypes.pushPromise) fail(errorCodes.protocol, 'a push from a client');
		// Priorities, goodbyes and what nobody knows mean nothing here.
	}

	const read = createFrameReader(usualPayloadBytes, onFrame);

	/** Says why, and ends. */
	function sayGoodbye(code: number, words = ''): void {
		if (over) return;
		socket.write(goAwayFrame(lastStream, code, words));
		over = true;
		setTimeout(() => socket.destroy(), limits.lastWordsMs).unref();
		socket.destroySoon();
		abandonAll();
	}

	function abandonAll(): void {
		alive[Symbol.dispose]();
		const left = [...streams.values()];
		streams.clear();
		for (const stream of left) stream.abandon();
	}

	onBytes((chunk, length) => {
		if (over) return;
		alive.heard();
		try {
			const start = begun ? 0 : readPreface(chunk, length);
			begun = start >= 0;
			if (begun) read(chunk, start, length);
		} catch (error) {
			if (error instanceof Http2ConnectionError) return sayGoodbye(error.code, error.message);
			sayGoodbye(errorCodes.internal);
			options.onFault(error);
		}
	});
	// Who has said its last word reads no answers either: no client of HTTP/2 half-closes.
	socket.on('end', () => socket.destroy());
	socket.on('close', () => {
		over = true;
		abandonAll();
	});
	socket.write(greeting);
	return {
		drain: () => reply(goAwayFrame(largestWindowBytes, errorCodes.none)),
		end: () => sayGoodbye(errorCodes.none),
	};
}

function fail(code: number, cause: string): never {
	throw new Http2ConnectionError(code, cause);
}
