import type { Duplex } from 'node:stream';
import { constants, inflateSync } from 'node:zlib';
import { spdyDictionary } from '../../src/cri/streaming/spdy/dictionary.ts';
import { createFrameReader } from '../../src/cri/streaming/spdy/frame-reader.ts';
import {
	controlFrame,
	controlType,
	dataFrameHeader,
	flagFin,
	resetStatus,
	rstStreamFrame,
} from '../../src/cri/streaming/spdy/frames.ts';

/** One stream as the server sees it. */
export type ServerStream = {
	readonly id: number;
	readonly headers: ReadonlyMap<string, string>;
	onData: (bytes: Buffer) => void;
	onEnd: () => void;
	write(bytes: Uint8Array): void;
	end(): void;
	reset(): void;
};

/**
 * The server side of SPDY/3.1 as moby/spdystream does it: answers each stream with an empty SYN_REPLY, sends no
 * window updates, pings once. Header blocks are read by the real zlib with the protocol's dictionary.
 */
export function acceptSpdy(
	socket: Duplex,
	head: Buffer,
	write: (bytes: Uint8Array) => void,
	onStream: (stream: ServerStream) => void,
): void {
	const streams = new Map<number, ServerStream>();
	let compressed = Buffer.alloc(0);
	let inflatedBytes = 0;
	const readHeaders = (block: Buffer): ReadonlyMap<string, string> => {
		compressed = Buffer.concat([compressed, block]);
		const all = inflateSync(compressed, {
			dictionary: spdyDictionary,
			finishFlush: constants.Z_SYNC_FLUSH,
		});
		const pairs = all.subarray(inflatedBytes);
		inflatedBytes = all.length;
		return decodePairs(pairs);
	};
	const read = createFrameReader({
		onData: (id, bytes, fin) => {
			if (bytes.length > 0) streams.get(id)?.onData(Buffer.from(bytes));
			if (fin) streams.get(id)?.onEnd();
		},
		onControl: (type, _flags, payload) => {
			const id = payload.readUInt32BE(0);
			if (type === controlType.rstStream) streams.get(id)?.onEnd();
			if (type !== controlType.synStream) return;
			const stream: ServerStream = {
				id,
				headers: readHeaders(payload.subarray(10)),
				onData: () => {},
				onEnd: () => {},
				write: (bytes) => write(Buffer.concat([dataFrameHeader(id, 0, bytes.length), bytes])),
				end: () => write(dataFrameHeader(id, flagFin, 0)),
				reset: () => write(rstStreamFrame(id, resetStatus.cancel)),
			};
			streams.set(id, stream);
			write(controlFrame(controlType.synReply, 0, payload.subarray(0, 4)));
			onStream(stream);
		},
	});
	write(controlFrame(controlType.ping, 0, Buffer.from([0, 0, 0, 2])));
	if (head.length > 0) read(head);
	socket.on('data', read);
}

function decodePairs(bytes: Buffer): ReadonlyMap<string, string> {
	const headers = new Map<string, string>();
	let offset = 4;
	const next = () => {
		const end = offset + 4 + bytes.readUInt32BE(offset);
		const text = bytes.toString('utf8', offset + 4, end);
		offset = end;
		return text;
	};
	for (let count = bytes.readUInt32BE(0); count > 0; count--) {
		const name = next();
		headers.set(name, next());
	}
	return headers;
}
