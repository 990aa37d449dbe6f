import { Readable, Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import type { StreamRequest } from '../../cri/ports.ts';
import type { ReadHold } from './read-hold.ts';
import { createResizeParser } from './resize-parser.ts';
import type { ClientStreams } from './streaming-server.ts';

/** How much stdin may wait for the command before the client is held back. */
const stdinBufferBytes = 64 * 1024;

/** The streams of one exec or attach, between the backend and whatever protocol the client speaks. */
export type SessionStreams = {
	/** The backend's side. */
	readonly streams: ClientStreams;
	/** From the client. What was not asked for is dropped. */
	takeStdin(bytes: Buffer): void;
	endStdin(): void;
	takeResize(bytes: Uint8Array): void;
	/** The client is gone: stdin ends behind what came, output has nowhere to go, and the signal says so. */
	gone(): void;
	/** Resolves once all output has been handed to the connection, or the client is gone. Never rejects. */
	flush(): Promise<void>;
};

/**
 * @param options.send hands output to the connection; `done` is to be called when there is room for more, or never once
 * the client is gone
 */
export function createSessionStreams(options: {
	readonly request: Omit<StreamRequest, 'containerId'>;
	readonly send: (name: 'stdout' | 'stderr', bytes: Buffer, done: () => void) => void;
	readonly hold: ReadHold;
}): SessionStreams {
	const { request, send, hold } = options;
	const abort = new AbortController();
	const stdinHolder = {};
	const sizeListeners: ((columns: number, rows: number) => void)[] = [];
	let lastSize: readonly [columns: number, rows: number] | undefined;
	let stdinEnded = false;

	const output = (name: 'stdout' | 'stderr') => {
		const stream = new Writable({
			write: (bytes: Buffer, _encoding, done) => send(name, bytes, () => done()),
		});
		return quiet(stream);
	};
	const stdout = request.stdout ? output('stdout') : undefined;
	const stderr = request.stderr && !request.tty ? output('stderr') : undefined;
	const stdin = request.stdin
		? quiet(
				new Readable({
					highWaterMark: stdinBufferBytes,
					read: () => hold.release(stdinHolder),
					destroy(error, done) {
						// The command takes no more; what still comes is dropped, and holds nobody back.
						hold.release(stdinHolder);
						done(error);
					},
				}),
			)
		: undefined;
	const endStdin = () => {
		if (stdinEnded) return;
		stdinEnded = true;
		if (stdin?.destroyed === false) stdin.push(null);
	};
	return {
		streams: {
			stdin,
			stdout,
			stderr,
			onResize: (listener) => {
				sizeListeners.push(listener);
				if (lastSize !== undefined) listener(...lastSize);
			},
			signal: abort.signal,
		},
		takeStdin(bytes) {
			if (stdin === undefined || stdinEnded || stdin.destroyed) return;
			if (!stdin.push(bytes)) hold.hold(stdinHolder);
		},
		endStdin,
		takeResize: createResizeParser((columns, rows) => {
			lastSize = [columns, rows];
			for (const listener of sizeListeners) listener(columns, rows);
		}),
		gone() {
			endStdin();
			abort.abort(new Error('the client is gone'));
			stdout?.destroy();
			stderr?.destroy();
		},
		async flush() {
			await Promise.all([stdout, stderr].map((stream) => stream && finish(stream)));
			stdin?.destroy();
		},
	};
}

async function finish(stream: Writable): Promise<void> {
	const done = finished(stream, { readable: false }).catch(() => undefined);
	if (!stream.writableEnded) stream.end();
	await done;
}

/** A stream that fails while nobody listens must not end the runtime. */
function quiet<T extends Readable | Writable>(stream: T): T {
	stream.on('error', () => undefined);
	return stream;
}
