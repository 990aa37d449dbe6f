import WebSocket from 'ws';
import { type CriError, FailedPreconditionError } from '../errors.ts';
import {
	connectWithin,
	refusalError,
	sentence,
	socketOptions,
	tlsOptions,
	unreachableError,
} from './connect.ts';
import type { StreamingSession, StreamingSessionOptions } from './session.ts';
import { createSessionEnd, resizeMessage, type SessionEnd } from './session-end.ts';

/** First byte of each message. Source: k8s.io/apimachinery/pkg/util/remotecommand. */
const channel = { stdin: 0, stdout: 1, stderr: 2, error: 3, resize: 4, close: 255 } as const;
const v4 = 'v4.channel.k8s.io';
const v5 = 'v5.channel.k8s.io';
/** The servers' library refuses messages above 32 MiB and hands each over whole. */
const maxMessageBytes = 32 * 1024;
const highWaterBytes = 1 << 20;
const disconnectedWords = 'the connection ended before the runtime reported the end';

/** A try over WebSocket: `refused` means that nothing was started and another transport may be tried. */
export type WebSocketAttempt =
	| { readonly kind: 'opened'; readonly session: StreamingSession }
	| { readonly kind: 'refused'; readonly error: CriError };

/**
 * Opens an exec or attach over WebSocket, offering v5 and v4. With `halfCloseStdin` only v5 is offered: a v4
 * server that took the session would already have started the command, and trying elsewhere would start it twice.
 * Pings are not sent: the server is on the same host or a TCP connection away, where keep-alive does their work.
 * @throws UnavailableError where nobody listens, DeadlineError, or CriError of code `cancelled`.
 */
export function openWebSocketSession(url: URL, options: StreamingSessionOptions): Promise<WebSocketAttempt> {
	return connectWithin(options, url, ({ resolve, reject }) => {
		const socket = new WebSocket(url, options.halfCloseStdin === true ? [v5] : [v5, v4], {
			perMessageDeflate: false,
			...socketOptions,
			...tlsOptions(options),
		});
		// Listens before the connection is there, so that no early message can pass by.
		const { session, opened } = createSession(socket, options);
		const refuse = (error: CriError) => resolve({ kind: 'refused', error });
		socket.on('unexpected-response', async (request, response) => {
			refuse(await refusalError(url, response));
			request.destroy();
			socket.terminate();
		});
		socket.on('error', (error: NodeJS.ErrnoException) => {
			// A code means that the network failed; without one the answer was no WebSocket's.
			const cut = error.code === 'ECONNRESET' || error.code === 'EPIPE';
			if (error.code !== undefined && !cut && error.syscall !== undefined) {
				reject(unreachableError(url, error));
			} else refuse(new FailedPreconditionError(sentence(url, error.message), { cause: error }));
		});
		socket.on('open', () => {
			opened();
			resolve({ kind: 'opened', session: { ...session, protocol: socket.protocol } });
		});
		return () => socket.terminate();
	});
}

function createSession(socket: WebSocket, options: StreamingSessionOptions) {
	const { signal } = options;
	let endedCause = disconnectedWords;
	let waitsForDrain = false;
	const close = (cause: string) => {
		endedCause = cause;
		socket.terminate();
	};
	const end = createSessionEnd(() => close('the server kept the session open after its end'));
	const abort = () => close('cancelled');
	socket.on('message', (message) => deliver(message as Buffer, options, end, socket.isPaused));
	socket.on('error', (error) => {
		endedCause = `${disconnectedWords}: ${error.message}`;
	});
	socket.on('close', () => {
		signal?.removeEventListener('abort', abort);
		end.ended(endedCause);
	});

	const send = (on: number, bytes: Uint8Array): boolean => {
		if (socket.readyState !== WebSocket.OPEN) return true;
		for (let offset = 0; offset < bytes.length; offset += maxMessageBytes) {
			const piece = bytes.subarray(offset, offset + maxMessageBytes);
			const message = Buffer.allocUnsafe(piece.length + 1);
			message[0] = on;
			message.set(piece, 1);
			socket.send(message, onSent);
		}
		if (socket.bufferedAmount >= highWaterBytes) waitsForDrain = true;
		return !waitsForDrain;
	};
	const onSent = () => {
		if (!waitsForDrain || socket.bufferedAmount >= highWaterBytes / 4) return;
		waitsForDrain = false;
		options.onDrain?.();
	};
	const resize: StreamingSession['resize'] = (size) => {
		if (options.tty) send(channel.resize, Buffer.from(resizeMessage(size)));
	};
	const session: Omit<StreamingSession, 'protocol'> = {
		transport: 'websocket',
		exited: end.exited,
		write: (bytes) => (options.stdin ? send(channel.stdin, bytes) : true),
		endStdin: async () => {
			if (!options.stdin) {
				throw new FailedPreconditionError('cannot end stdin: the session was opened without it');
			}
			if (socket.protocol !== v5) {
				throw new FailedPreconditionError(
					`cannot end stdin: WebSocket ${socket.protocol} has no way to say so; open the session with halfCloseStdin`,
				);
			}
			send(channel.close, Buffer.from([channel.stdin]));
		},
		resize,
		pause: () => {
			socket.pause();
			end.touched(true);
		},
		resume: () => {
			socket.resume();
			end.touched(false);
		},
		close: () => close('closed by this side'),
	};
	const opened = () => {
		signal?.addEventListener('abort', abort);
		if (options.size !== undefined) resize(options.size);
	};
	return { session, opened };
}

/** Servers open with an empty message on stdout, to prove that they write. */
function deliver(message: Buffer, options: StreamingSessionOptions, end: SessionEnd, paused: boolean): void {
	const bytes = message.subarray(1);
	if (bytes.length === 0) return;
	if (message[0] === channel.error) end.reported(bytes);
	else if (message[0] === channel.stdout && options.stdout) options.onStdout(bytes);
	else if (message[0] === channel.stderr && options.stderr) options.onStderr?.(bytes);
	end.touched(paused);
}
