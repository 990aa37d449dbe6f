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

/** What of a frame's type and flags is acted on. Source: RFC 9113 section 6. */
const frameTypes = {
	data: 0,
	headers: 1,
	reset: 3,
	settings: 4,
	ping: 6,
	goAway: 7,
	windowUpdate: 8,
} as const;
const flagEnd = 0x1;
const flagAck = 0x1;
const flagEndHeaders = 0x4;
const flagPadded = 0x8;
const frameHeadBytes = 9;
/** Largest window there is: no answer of a runtime needs a second one, so that nothing has to be counted. */
const largestWindowBytes = 2 ** 31 - 1;
const firstWindowBytes = 65_535;
/** As the usual client has it. Source: cri-o server, its gRPC limits. */
const maxMessageBytes = 80 * 1024 * 1024;
const messageHeadBytes = 5;

type Call = {
	readonly path: string;
	readonly chunks: Buffer[];
	receivedBytes: number;
	readonly answer: PromiseWithResolvers<Buffer>;
};

function frame(type: number, flags: number, stream: number, payload: Uint8Array): Buffer {
	const head = Buffer.alloc(frameHeadBytes);
	head.writeUIntBE(payload.length, 0, 3);
	head.writeUInt8(type, 3);
	head.writeUInt8(flags, 4);
	head.writeUInt32BE(stream, 5);
	return Buffer.concat([head, payload]);
}

function uint32(value: number): Buffer {
	const bytes = Buffer.alloc(4);
	bytes.writeUInt32BE(value);
	return bytes;
}

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
	const settings = Buffer.alloc(12);
	settings.writeUInt16BE(0x2, 0);
	settings.writeUInt16BE(0x4, 6);
	settings.writeUInt32BE(largestWindowBytes, 8);
	return Buffer.concat([
		Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
		frame(frameTypes.settings, 0, 0, settings),
		frame(frameTypes.windowUpdate, 0, 0, uint32(largestWindowBytes - firstWindowBytes)),
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
	/** The beginning of a frame whose rest has not come yet. */
	let partial: Buffer[] = [];
	let partialBytes = 0;
	/** How many bytes there must be before a look at them makes sense. */
	let wantedBytes = frameHeadBytes;

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
		if (type === frameTypes.settings && !(flags & flagAck))
			socket.write(frame(frameTypes.settings, flagAck, 0, Buffer.alloc(0)));
		else if (type === frameTypes.ping && !(flags & flagAck))
			socket.write(frame(frameTypes.ping, flagAck, 0, payload));
		else if (type === frameTypes.goAway) lose('the runtime closes the connection');
		else if (type === frameTypes.reset) {
			const call = calls.get(stream);
			calls.delete(stream);
			if (call) fail(call, 'the runtime broke it off');
		} else if (type === frameTypes.data) {
			const call = calls.get(stream);
			const padding = flags & flagPadded ? 1 + (payload[0] ?? 0) : 0;
			const body = padding ? payload.subarray(1, Math.max(1, payload.length - padding + 1)) : payload;
			call?.chunks.push(body);
			if (call) call.receivedBytes += body.length;
			if ((call?.receivedBytes ?? 0) > maxMessageBytes)
				lose('the answer is larger than any that makes sense');
		}
		if ((type === frameTypes.data || type === frameTypes.headers) && flags & flagEnd) finish(stream);
	}

	socket.on('data', (chunk: Buffer) => {
		partial.push(chunk);
		partialBytes += chunk.length;
		if (partialBytes < wantedBytes) return;
		const bytes = partial.length === 1 ? chunk : Buffer.concat(partial);
		let offset = 0;
		wantedBytes = frameHeadBytes;
		while (bytes.length - offset >= frameHeadBytes) {
			const length = bytes.readUIntBE(offset, 3);
			wantedBytes = frameHeadBytes + length;
			if (bytes.length - offset < wantedBytes) break;
			const body = bytes.subarray(offset + frameHeadBytes, offset + wantedBytes);
			receive(
				bytes.readUInt8(offset + 3),
				bytes.readUInt8(offset + 4),
				bytes.readUInt32BE(offset + 5) & 0x7fffffff,
				body,
			);
			offset += wantedBytes;
			wantedBytes = frameHeadBytes;
		}
		partial = [bytes.subarray(offset)];
		partialBytes = bytes.length - offset;
	});
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
					frame(frameTypes.headers, flagEndHeaders, stream, requestHeaders(path)),
					frame(frameTypes.data, flagEnd, stream, message),
				]),
			);
			return call.answer.promise;
		},
		close: () => lose('it was closed'),
	};
}
