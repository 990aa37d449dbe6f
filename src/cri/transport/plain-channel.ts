/**
 * Unary gRPC without a gRPC library: the few frames of HTTP/2 that such a call takes, over a plain socket.
 *
 * For the login banner alone, which has 300 ms in all: grpc-js takes 110 ms of a processor to load and Node's own http2 50,
 * this one none (docs/decisions/banner-transport.md). It asks questions and reads answers; what a refusal says stands in
 * compressed headers, which nobody here reads.
 * Source: RFC 9113 (frames), RFC 7541 (HPACK, literals only), gRPC over HTTP/2 (PROTOCOL-HTTP2).
 */
import { connect } from 'node:net';
import type { EndpointAddress } from '../endpoint-address.ts';
import { UnavailableError } from '../errors.ts';
import { createFrameReader } from './http2/frame-reader.ts';
import {
	clientPreface,
	firstWindowBytes,
	frame,
	frameFlags,
	frameTypes,
	largestPayloadBytes,
	largestWindowBytes,
	settingIds,
	settingsFrame,
	uint32,
	windowUpdateFrame,
} from './http2/frames.ts';
import { messageHeadBytes } from './http2/message-head.ts';

/** A connection that answers one message to one message. Calls may be made side by side. */
export type PlainChannel = {
	/**
	 * @param path `/runtime.v1.RuntimeService/Version`
	 * @returns the encoded answer
	 * @throws UnavailableError where it was refused, or the connection was lost before the whole answer had come.
	 */
	call(path: string, request: Uint8Array): Promise<Buffer>;
	/** Ends what is under way. */
	close(): void;
};

/** As the usual client has it. Source: cri-o server, its gRPC limits. */
const maxMessageBytes = 80 * 1024 * 1024;

type Call = {
	readonly path: string;
	readonly chunks: Buffer[];
	receivedBytes: number;
	readonly answer: PromiseWithResolvers<Buffer>;
};

/** A string of HPACK, not Huffman-coded; ours are all shorter than the 127 bytes that one byte of length can say. */
function literal(text: string): Buffer {
	return Buffer.concat([Buffer.from([Buffer.byteLength(text)]), Buffer.from(text)]);
}

/** Fields by their number in HPACK's static table where they have one, all of them without indexing. */
function requestHeaders(path: string): Buffer {
	return Buffer.concat([
		// :method POST, :scheme http
		Buffer.from([0x83, 0x86]),
		Buffer.from([0x04]),
		literal(path),
		Buffer.from([0x01]),
		literal('localhost'),
		// content-type is number 31: 15 in the prefix, 16 behind it.
		Buffer.from([0x0f, 0x10]),
		literal('application/grpc'),
		Buffer.from([0x00]),
		literal('te'),
		literal('trailers'),
	]);
}

/** What a client says first: no pushes, and windows that never fill. */
function preface(): Buffer {
	return Buffer.concat([
		Buffer.from(clientPreface),
		settingsFrame([
			[settingIds.enablePush, 0],
			[settingIds.initialWindowSize, largestWindowBytes],
		]),
		windowUpdateFrame(0, largestWindowBytes - firstWindowBytes),
	]);
}

/** Opens a connection. Returns at once; calls wait for it. */
export function openPlainChannel(address: EndpointAddress): PlainChannel {
	const socket = connect(
		address.kind === 'unix' ? { path: address.path } : { host: address.host, port: address.port },
	);
	const calls = new Map<number, Call>();
	let nextStream = 1;
	let lost: UnavailableError | undefined;

	function fail(call: Call, cause: string): void {
		call.answer.reject(new UnavailableError(`cannot call "${call.path}": ${cause}`));
	}

	function lose(cause: string): void {
		lost ??= new UnavailableError(`cannot ask the runtime: ${cause}`);
		for (const call of calls.values()) fail(call, cause);
		calls.clear();
		socket.destroy();
	}

	function finish(stream: number): void {
		const call = calls.get(stream);
		if (call === undefined) return;
		calls.delete(stream);
		const bytes = Buffer.concat(call.chunks);
		const length = bytes.length < messageHeadBytes ? undefined : bytes.readUInt32BE(1);
		// Without a message, whole and plain, the answer is an error, whose words are in the trailers.
		if (length !== bytes.length - messageHeadBytes || bytes[0] !== 0) fail(call, 'the runtime refused');
		else call.answer.resolve(bytes.subarray(messageHeadBytes));
	}

	function receive(type: number, flags: number, stream: number, payload: Buffer): void {
		if (type === frameTypes.settings && !(flags & frameFlags.ack))
			socket.write(frame(frameTypes.settings, frameFlags.ack, 0, Buffer.alloc(0)));
		else if (type === frameTypes.ping && !(flags & frameFlags.ack))
			socket.write(frame(frameTypes.ping, frameFlags.ack, 0, payload));
		else if (type === frameTypes.goAway) lose('the runtime closes the connection');
		else if (type === frameTypes.reset) {
			const call = calls.get(stream);
			calls.delete(stream);
			if (call) fail(call, 'the runtime broke it off');
		} else if (type === frameTypes.data) {
			const call = calls.get(stream);
			const padding = flags & frameFlags.padded ? 1 + (payload[0] ?? 0) : 0;
			const body = padding ? payload.subarray(1, Math.max(1, payload.length - padding + 1)) : payload;
			call?.chunks.push(body);
			if (call) call.receivedBytes += body.length;
			if ((call?.receivedBytes ?? 0) > maxMessageBytes)
				lose('the answer is larger than any that makes sense');
		}
		if ((type === frameTypes.data || type === frameTypes.headers) && flags & frameFlags.endStream)
			finish(stream);
	}

	socket.on('data', createFrameReader(largestPayloadBytes, receive));
	socket.on('error', (error) => lose(error.message));
	socket.on('close', () => lose('the connection is closed'));
	socket.write(preface());

	return {
		call(path, request) {
			if (lost) return Promise.reject(lost);
			const call: Call = { path, chunks: [], receivedBytes: 0, answer: Promise.withResolvers() };
			const stream = nextStream;
			nextStream += 2;
			calls.set(stream, call);
			const message = Buffer.concat([Buffer.from([0]), uint32(request.length), request]);
			socket.write(
				Buffer.concat([
					frame(frameTypes.headers, frameFlags.endHeaders, stream, requestHeaders(path)),
					frame(frameTypes.data, frameFlags.endStream, stream, message),
				]),
			);
			return call.answer.promise;
		},
		close: () => lose('it was closed'),
	};
}
