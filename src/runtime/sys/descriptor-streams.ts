/**
 * Streams over descriptors that Node has no class for: packets, terminals, pipes whose writers may never go away. All of
 * them wait in Node's event loop; none holds a thread.
 */
import { closeSync } from 'node:fs';
import { Socket } from 'node:net';
import { Readable, Writable } from 'node:stream';
import type { ContainerCalls } from './container-calls.ts';

const readBytes = 65_536;
/** The kernel hands a terminal's output on in its own time; after so long without any there is none left. */
const terminalQuietMs = 100;

/** The reading side of a pipe or a terminal, as a stream that can be ended while somebody still holds the other side. */
export type DescriptorOutput = {
	readonly stream: Readable;
	/** Resolves when the stream was ended. */
	readonly ended: Promise<void>;
	/** Reads what is there by now, and then ends the stream, whoever may still hold the other side. */
	drain(): void;
};

/** A connected descriptor: what is read comes in the pieces that the kernel gives, so a packet stays a packet. */
export type DescriptorSocket = {
	readonly socket: Socket;
	/** For ioctl; valid until the socket is destroyed. */
	readonly descriptor: number;
};

/**
 * Opens any descriptor that can be polled as a socket; the descriptor belongs to it from here on. libuv accepts stream
 * sockets and pipes only, so it is given one, which is then made another name of the descriptor before it is polled.
 * @param onPiece is lent a buffer for the time of the call; false stops reading until `socket.resume()`
 */
export function openDescriptor(
	sys: ContainerCalls,
	descriptor: number,
	onPiece: (piece: Buffer) => boolean,
): DescriptorSocket {
	const buffer = Buffer.allocUnsafe(readBytes);
	try {
		const stream = sys.streamSocket();
		const socket = new Socket({
			fd: stream,
			readable: true,
			writable: true,
			allowHalfOpen: true,
			onread: { buffer, callback: (size) => onPiece(buffer.subarray(0, size)) },
		});
		try {
			sys.replaceDescriptor(descriptor, stream);
		} catch (error) {
			socket.destroy();
			throw error;
		}
		return { socket, descriptor: stream };
	} finally {
		closeSync(descriptor);
	}
}

/** Reads a pipe; the descriptor belongs to the stream. */
export function readPipe(sys: ContainerCalls, descriptor: number): DescriptorOutput {
	let receivedBytes = 0;
	let lastByte = Number.POSITIVE_INFINITY;
	const buffer = Buffer.allocUnsafe(readBytes);
	const output = createOutput(() => socket);
	const socket = new Socket({
		fd: descriptor,
		readable: true,
		writable: false,
		onread: {
			buffer,
			callback(size) {
				receivedBytes += size;
				const more = output.push(buffer.subarray(0, size));
				if (receivedBytes >= lastByte) output.end();
				return more;
			},
		},
	});
	output.endWith(socket);
	return {
		stream: output.stream,
		ended: output.ended,
		drain() {
			if (output.hasEnded()) return;
			// What whoever holds the pipe writes from now on is nobody's output any more.
			lastByte = receivedBytes + sys.readableBytes(descriptor);
			if (receivedBytes >= lastByte) output.end();
		},
	};
}

/** A terminal's master side: what is typed goes in, what is shown comes out. */
export type TerminalStreams = DescriptorOutput & { readonly input: Writable; readonly descriptor: number };

/** Opens the master side of a terminal; the descriptor belongs to the streams. */
export function openTerminal(sys: ContainerCalls, descriptor: number): TerminalStreams {
	let quiet: NodeJS.Timeout | undefined;
	const output = createOutput(() => opened.socket);
	const opened = openDescriptor(sys, descriptor, (piece) => {
		quiet?.refresh();
		return output.push(piece);
	});
	output.endWith(opened.socket);
	void output.ended.then(() => clearTimeout(quiet));
	return {
		stream: output.stream,
		ended: output.ended,
		input: quietWritable(opened.socket, { closes: false }),
		descriptor: opened.descriptor,
		drain() {
			if (!output.hasEnded()) quiet ??= setTimeout(output.end, terminalQuietMs);
		},
	};
}

/** Writes to a pipe; the descriptor belongs to the stream. Ending it closes the pipe. */
export function writePipe(descriptor: number): Writable {
	const socket = new Socket({ fd: descriptor, readable: false, writable: true });
	return quietWritable(socket, { closes: true });
}

/** A writable over a socket whose reader may go away at any time: what is written then goes nowhere. */
function quietWritable(socket: Socket, { closes }: { readonly closes: boolean }): Writable {
	socket.on('error', () => undefined);
	return new Writable({
		write(chunk: Buffer, _encoding, callback) {
			if (socket.destroyed) callback();
			else socket.write(chunk, () => callback());
		},
		final(callback) {
			if (!closes || socket.destroyed) callback();
			else socket.end(() => callback());
		},
		destroy(error, callback) {
			if (closes) socket.destroy();
			callback(error);
		},
	});
}

function createOutput(socket: () => Socket) {
	const { promise: ended, resolve } = Promise.withResolvers<void>();
	let isEnded = false;
	let wanted = false;
	const end = (): void => {
		if (isEnded) return;
		isEnded = true;
		stream.push(null);
		socket().destroy();
		resolve();
	};
	const stream = new Readable({
		highWaterMark: readBytes,
		read() {
			wanted = true;
			if (!isEnded) socket().resume();
		},
		destroy(error, callback) {
			isEnded = true;
			socket().destroy();
			resolve();
			callback(error);
		},
	});
	return {
		stream,
		ended,
		end,
		hasEnded: () => isEnded,
		push(piece: Buffer): boolean {
			if (isEnded) return false;
			wanted = false;
			// Copied, since the buffer is used again. It may be consumed, and more wanted, before push returns.
			return stream.push(Buffer.from(piece)) || wanted;
		},
		/** EIO is how a terminal says that nobody has it open any more; any other error ends the output as well. */
		endWith(source: Socket): void {
			for (const event of ['end', 'error', 'close']) source.on(event, end);
		},
	};
}
