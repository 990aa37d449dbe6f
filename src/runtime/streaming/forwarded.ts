import { type Duplex, Readable, Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { errorMessage } from '../../cri/errors.ts';
import type { ReadHold } from './read-hold.ts';

/** How much one port may leave untaken before every connection of the client is held back. */
const inputBufferBytes = 1 << 20;

/** The client's side of one forwarded connection. */
export type ForwardedClient = {
	/** @param done called when there is room for more; never, once the client is gone */
	send(bytes: Buffer, done: () => void): void;
	/** Nothing more comes from the port. False: the client cannot tell that, and the whole connection ends. */
	endData(): boolean;
	/** The port broke the connection off. */
	resetData(): void;
	/** Ends the error stream. @param words why there is no connection; undefined where there was one */
	endError(words: string | undefined): void;
};

/** One connection of a port-forward. */
export type Forwarded = {
	/** Dials, once both streams of the client are there. */
	start(): void;
	/** Bytes for the port; they may come before `start`. */
	take(bytes: Buffer): void;
	/** The client sends no more. */
	endInput(): void;
	/** The client is gone: closes what is open. */
	abort(): void;
	/** Settles when nothing is open any more. Never rejects. */
	readonly done: Promise<void>;
};

/** Copies between a client and a port of a pod; each side may end while the other goes on. */
export function createForwarded(options: {
	readonly dial: (options: { readonly signal: AbortSignal }) => Promise<Duplex>;
	readonly client: ForwardedClient;
	readonly hold: ReadHold;
}): Forwarded {
	const { client, hold } = options;
	const abort = new AbortController();
	const { promise: done, resolve: setDone } = Promise.withResolvers<void>();
	let started = false;
	let errorEnded = false;

	const fromClient = new Readable({
		highWaterMark: inputBufferBytes,
		read: () => hold.release(fromClient),
		destroy(error, callback) {
			hold.release(fromClient);
			callback(error);
		},
	});
	const endError = (words?: string) => {
		if (errorEnded) return;
		errorEnded = true;
		client.endError(words);
	};
	const settle = () => {
		fromClient.destroy();
		endError();
		setDone();
	};
	const connect = (port: Duplex) => {
		let broken = false;
		const toClient = new Writable({
			write: (bytes: Buffer, _encoding, callback) => client.send(bytes, () => callback()),
			final: (callback) => {
				if (!client.endData()) port.destroy();
				// Older clients keep their side open until the error stream ends. Source: client-go tools/portforward
				endError();
				callback();
			},
		});
		toClient.on('error', () => undefined);
		port.on('error', () => {
			broken = true;
		});
		port.on('close', async () => {
			fromClient.destroy();
			if (broken) client.resetData();
			// What came before an ordinary end is still on its way to the client.
			if (broken || abort.signal.aborted || !port.readableEnded) toClient.destroy();
			await finished(toClient).catch(() => undefined);
			abort.signal.removeEventListener('abort', cut);
			settle();
		});
		const cut = () => {
			port.destroy();
			toClient.destroy();
		};
		abort.signal.addEventListener('abort', cut);
		fromClient.pipe(port);
		port.pipe(toClient);
	};
	return {
		start() {
			if (started) return;
			started = true;
			if (abort.signal.aborted) return settle();
			options.dial({ signal: abort.signal }).then(
				(port) => {
					if (!abort.signal.aborted) return connect(port);
					port.on('error', () => undefined);
					port.destroy();
					settle();
				},
				(error: unknown) => {
					endError(errorMessage(error));
					client.endData();
					settle();
				},
			);
		},
		take(bytes) {
			if (fromClient.destroyed || fromClient.readableEnded) return;
			if (!fromClient.push(bytes)) hold.hold(fromClient);
		},
		endInput() {
			if (!fromClient.destroyed) fromClient.push(null);
		},
		abort() {
			abort.abort(new Error('the client is gone'));
			if (!started) settle();
		},
		done,
	};
}
