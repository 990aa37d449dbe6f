import { Duplex } from 'node:stream';
import { CriError, InvalidArgumentError, UnavailableError } from '../errors.ts';
import { createReportCollector } from './exit-report.ts';
import type { StreamingConnectOptions } from './session.ts';
import { createSpdyConnection, type SpdyConnection } from './spdy/connection.ts';
import { upgradeToSpdy } from './spdy-upgrade.ts';
import { nextStreamingUrl } from './streaming-url.ts';

const protocol = 'portforward.k8s.io';
/** How much one slow reader may leave unread before every connection of the forwarder is held back. */
const readBufferBytes = 1 << 20;
/**
 * How long the end of the data waits for a report of failure. Only a server that passes a half-close on keeps the
 * report open that long.
 */
const reportWaitMs = 500;

/** One port-forward: any number of TCP connections to ports of the pod over one connection to the runtime. */
export type PortForwarder = {
	/**
	 * Opens a connection to a port of the pod. It resolves at once: the server dials when it sees the request, and a
	 * failure comes as the `error` of this one connection, in the server's words. Half-close works both ways where
	 * the runtime passes it on.
	 * @throws InvalidArgumentError for a port outside 1–65535, UnavailableError once the forwarder is closed.
	 */
	connect(port: number, options?: { readonly signal?: AbortSignal | undefined }): Promise<Duplex>;
	/** Ends the forwarder and all its connections at once. */
	close(): void;
	/** Settles when the forwarder has ended: undefined after `close`, else why. Never rejects. */
	readonly closed: Promise<string | undefined>;
};

/**
 * Opens the port-forward that a runtime gave a streaming URL for.
 *
 * SPDY servers of Kubernetes know no window per stream. So that memory stays bounded, a connection whose reader
 * leaves 1 MiB unread holds back the others until it reads on or is destroyed.
 * @throws as upgradeToSpdy does, InvalidArgumentError for a URL that is none, what the `url` function throws.
 * Source: k8s.io/client-go/tools/portforward for streams and headers.
 */
export async function openPortForwarder(options: StreamingConnectOptions): Promise<PortForwarder> {
	const url = await nextStreamingUrl(options.url);
	const upgraded = await upgradeToSpdy(url, [protocol], options);
	const { promise: closed, resolve } = Promise.withResolvers<string | undefined>();
	const { signal } = options;
	const drained: (() => void)[] = [];
	const full = new Set<Duplex>();
	let closedByUs = false;
	let isClosed = false;
	let nextRequestId = 0;

	const close = () => {
		closedByUs = true;
		connection.destroy();
	};
	const wake = () => {
		for (const callback of drained.splice(0)) callback();
	};
	const connection = createSpdyConnection({
		...upgraded,
		onDrain: wake,
		onClose: (cause) => {
			isClosed = true;
			signal?.removeEventListener('abort', close);
			wake();
			resolve(closedByUs ? undefined : (cause?.message ?? 'the runtime ended the port-forward'));
		},
	});
	connection.start();
	signal?.addEventListener('abort', close);
	if (signal?.aborted) close();

	return {
		closed,
		close,
		connect: async (port, connectOptions = {}) => {
			if (!Number.isInteger(port) || port < 1 || port > 65_535) {
				throw new InvalidArgumentError(`cannot forward port "${port}": it is not within 1 to 65535`);
			}
			if (connectOptions.signal?.aborted) {
				throw new CriError('cancelled', `cannot forward port "${port}": cancelled`, {
					cause: connectOptions.signal.reason,
				});
			}
			if (isClosed) {
				throw new UnavailableError(`cannot forward port "${port}": the port-forward has ended`);
			}
			const requestId = String(nextRequestId++);
			const flow: Flow = {
				closedByUs: () => closedByUs,
				awaitDrain: (callback: () => void) => drained.push(callback),
				hold: (duplex: Duplex) => {
					full.add(duplex);
					connection.pause();
				},
				release: (duplex: Duplex) => {
					if (full.delete(duplex) && full.size === 0) connection.resume();
				},
			};
			return createForwarded(connection, port, requestId, flow, connectOptions.signal);
		},
	};
}

type Flow = {
	readonly closedByUs: () => boolean;
	readonly awaitDrain: (callback: () => void) => void;
	readonly hold: (duplex: Duplex) => void;
	readonly release: (duplex: Duplex) => void;
};

/** Two streams of the connection as one socket-like stream. */
function createForwarded(
	connection: SpdyConnection,
	port: number,
	requestid: string,
	flow: Flow,
	signal: AbortSignal | undefined,
): Duplex {
	const report = createReportCollector();
	let reportEnded = false;
	let dataEnded = false;
	let reportTimer: NodeJS.Timeout | undefined;
	const fail = (words: string) => {
		duplex.destroy(new UnavailableError(`cannot forward port "${port}": ${words}`));
	};
	/** Called when either stream ends: containerd ends the data first and then says why on the other one. */
	const finishReading = () => {
		const text = report.text().trim();
		if (text !== '') fail(text);
		else if (dataEnded && reportEnded) duplex.push(null);
		else if (dataEnded) reportTimer = setTimeout(() => duplex.push(null), reportWaitMs);
	};
	const duplex = new Duplex({
		allowHalfOpen: true,
		readableHighWaterMark: readBufferBytes,
		read: () => flow.release(duplex),
		write: (bytes: Buffer, _encoding, callback) => {
			if (dataStream.write(bytes)) callback();
			else flow.awaitDrain(callback);
		},
		final: (callback) => {
			dataStream.end();
			callback();
		},
		destroy: (error, callback) => {
			signal?.removeEventListener('abort', abort);
			clearTimeout(reportTimer);
			flow.release(duplex);
			errorStream.reset();
			dataStream.reset();
			callback(error);
		},
	});
	const abort = () => fail('cancelled');
	/** Who closed the whole forwarder needs no error from each of its connections. */
	const disconnect = () => (flow.closedByUs() ? duplex.destroy() : fail('the port-forward has ended'));
	signal?.addEventListener('abort', abort);

	// The order matters: the server pairs the two when the second one arrives.
	const errorStream = connection.openStream(
		{ streamtype: 'error', port: String(port), requestid },
		{
			onData: report.add,
			onEnd: () => {
				reportEnded = true;
				clearTimeout(reportTimer);
				finishReading();
			},
		},
	);
	errorStream.end();
	const dataStream = connection.openStream(
		{ streamtype: 'data', port: String(port), requestid },
		{
			onData: (bytes) => {
				if (!duplex.push(bytes)) flow.hold(duplex);
			},
			onEnd: (how) => {
				dataEnded = true;
				if (how === 'disconnected') disconnect();
				else if (how === 'reset') fail(report.text().trim() || 'the runtime reset the connection');
				else finishReading();
			},
		},
	);
	return duplex;
}
