import { connect, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import { createFrameReader } from '../../../../../src/cri/transport/http2/frame-reader.ts';
import {
	clientPreface,
	frame,
	frameFlags,
	frameTypes,
	settingsFrame,
} from '../../../../../src/cri/transport/http2/frames.ts';
import { createHeaderBlocks } from '../../../../../src/cri/transport/http2/header-blocks.ts';
import { createHpackDecoder } from '../../../../../src/cri/transport/http2/hpack-decoder.ts';
import { encodeHeaders } from '../../../../../src/cri/transport/http2/hpack-encoder.ts';
import type { HeaderField } from '../../../../../src/cri/transport/http2/hpack-table.ts';
import { createHuffmanDecoder } from '../../../../../src/cri/transport/http2/huffman.ts';

/** A frame that came. */
export type Came = {
	readonly type: number;
	readonly flags: number;
	readonly stream: number;
	readonly payload: Buffer;
	/** Of the frame that completes a block. */
	readonly fields: Readonly<Record<string, string>>;
};

/** Somebody who says whatever a test wants said. */
export type RawClient = {
	readonly socket: Socket;
	readonly came: readonly Came[];
	send(...frames: readonly Buffer[]): void;
	/** Waits for a frame of a kind, also one that came already. */
	until(what: (frame: Came) => boolean): Promise<Came>;
	/** The error code of the GOAWAY with which the server ends. */
	goodbye(): Promise<number>;
	/** Waits until a call is over. @returns its status, as the server said it; `reset N` where it was reset */
	status(stream: number): Promise<string | undefined>;
	/** Bytes of all DATA of a stream so far. */
	body(stream: number): Buffer;
	readonly closed: Promise<void>;
};

const huffman = createHuffmanDecoder();

/** Connects. @param greet says what a client says first */
export async function rawClient(path: string, greet = true): Promise<RawClient> {
	const socket = connect(path);
	onTestFinished(() => void socket.destroy());
	const came: Came[] = [];
	const waiting = new Set<() => void>();
	const look = () => {
		for (const check of waiting) check();
	};
	const decode = createHpackDecoder({ maxTableBytes: 4096, maxListBytes: 2 ** 20, huffman });
	const blocks = createHeaderBlocks();
	const read = createFrameReader(2 ** 24 - 1, (type, flags, stream, payload) => {
		const block =
			type === frameTypes.headers
				? blocks.begin(flags, stream, payload)
				: type === frameTypes.continuation
					? blocks.continue(flags, stream, payload)
					: undefined;
		const fields = block === undefined ? {} : Object.fromEntries(decode(block.bytes));
		came.push({ type, flags, stream, payload: Buffer.from(payload), fields });
	});
	const closed = Promise.withResolvers<void>();
	let over = false;
	socket.on('data', (chunk: Buffer) => {
		read(chunk);
		look();
	});
	socket.on('error', () => undefined);
	socket.on('close', () => {
		over = true;
		closed.resolve();
		look();
	});
	await new Promise<void>((resolve) => socket.once('connect', resolve));
	if (greet) socket.write(Buffer.concat([Buffer.from(clientPreface), settingsFrame([])]));
	const until = (what: (one: Came) => boolean) =>
		new Promise<Came>((resolve, reject) => {
			const check = () => {
				const found = came.find(what);
				if (found === undefined && !over) return;
				waiting.delete(check);
				if (found !== undefined) resolve(found);
				else reject(new Error('the connection is closed'));
			};
			waiting.add(check);
			check();
		});
	return {
		socket,
		came,
		closed: closed.promise,
		send: (...frames) => void socket.write(Buffer.concat(frames)),
		until,
		goodbye: async () => (await until(({ type }) => type === frameTypes.goAway)).payload.readUInt32BE(4),
		async status(id) {
			const last = await until(
				({ stream, type, fields }) =>
					stream === id && (type === frameTypes.reset || fields['grpc-status'] !== undefined),
			);
			return last.type === frameTypes.reset
				? `reset ${last.payload.readUInt32BE(0)}`
				: last.fields['grpc-status'];
		},
		body: (id) =>
			Buffer.concat(
				came.flatMap(({ stream, type, payload }) =>
					stream === id && type === frameTypes.data ? [payload] : [],
				),
			),
	};
}

/** The fields of a call. */
export function callFields(rpc: string, ...more: readonly HeaderField[]): readonly HeaderField[] {
	return [
		[':method', 'POST'],
		[':scheme', 'http'],
		[':path', `/runtime.v1.${rpc}`],
		[':authority', 'localhost'],
		['content-type', 'application/grpc'],
		['te', 'trailers'],
		...more,
	];
}

/** HEADERS in one frame. */
export function headers(stream: number, fields: readonly HeaderField[], ends = false): Buffer {
	const flags = frameFlags.endHeaders | (ends ? frameFlags.endStream : 0);
	return frame(frameTypes.headers, flags, stream, encodeHeaders(fields));
}

/** DATA that is one message. */
export function message(stream: number, body: Uint8Array = Buffer.alloc(0), flag = 0, ends = true): Buffer {
	const head = Buffer.from([flag, 0, 0, 0, 0]);
	head.writeUInt32BE(body.length, 1);
	return frame(frameTypes.data, ends ? frameFlags.endStream : 0, stream, Buffer.concat([head, body]));
}

/** A whole call. */
export function call(stream: number, rpc: string, body?: Uint8Array): Buffer {
	return Buffer.concat([headers(stream, callFields(rpc)), message(stream, body)]);
}
