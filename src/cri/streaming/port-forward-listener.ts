/** One listening port of this host that leads into a pod. */
import { createServer, type Server, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { errorMessage } from '../errors.ts';
import type { PortForwarder } from './port-forward.ts';
import { addressText, type ForwardSpec } from './port-forward-spec.ts';

/** What has gone through a forward so far. */
export type ForwardTraffic = {
	readonly openConnections: number;
	readonly totalConnections: number;
	/** Towards the pod. */
	readonly sentBytes: number;
	/** From the pod. */
	readonly receivedBytes: number;
};

/** A forward at work. Disposing of it closes the port and every connection. */
export type ForwardListener = Disposable & {
	/** Where it listens, as addressText writes it. */
	readonly local: string;
};

/** Counters change with every packet; the list shows them this often. */
const trafficMs = 500;

/**
 * Listens, and joins every connection to one to the pod.
 *
 * @param options.openForwarder makes the connection to the runtime: called before listening, so that a runtime that
 *   cannot forward is told at once, and again for a connection that comes after it was lost.
 * @throws Error with one sentence when the port cannot be had, what `openForwarder` throws.
 */
export async function listenAndForward(options: {
	readonly spec: ForwardSpec;
	readonly openForwarder: () => Promise<PortForwarder>;
	readonly onTraffic: (traffic: ForwardTraffic) => void;
	/** Somebody connected. */
	readonly onConnection?: (() => void) | undefined;
	/** A connection failed, in the runtime's words; the port stays open. */
	readonly onProblem: (problem: string) => void;
	readonly signal: AbortSignal;
}): Promise<ForwardListener> {
	const { spec, signal } = options;
	const sockets = new Set<Socket>();
	let traffic: ForwardTraffic = { openConnections: 0, totalConnections: 0, sentBytes: 0, receivedBytes: 0 };
	let trafficTimer: NodeJS.Timeout | undefined;
	let forwarder: Promise<PortForwarder> | undefined;
	let disposed = false;

	function count(change: Partial<ForwardTraffic>): void {
		traffic = { ...traffic, ...change };
		trafficTimer ??= setTimeout(() => {
			trafficTimer = undefined;
			if (!disposed) options.onTraffic(traffic);
		}, trafficMs);
	}

	function connected(): Promise<PortForwarder> {
		if (forwarder) return forwarder;
		const opening = options.openForwarder();
		forwarder = opening;
		const lost = () => {
			if (forwarder === opening) forwarder = undefined;
		};
		opening.then((opened) => opened.closed.then(lost), lost);
		return opening;
	}

	async function join(socket: Socket): Promise<void> {
		sockets.add(socket);
		options.onConnection?.();
		count({
			openConnections: traffic.openConnections + 1,
			totalConnections: traffic.totalConnections + 1,
		});
		socket.on('close', () => {
			sockets.delete(socket);
			count({ openConnections: traffic.openConnections - 1 });
		});
		// Its end is told by 'close'; without a listener it would be a crash.
		socket.on('error', () => undefined);
		socket.on('data', (bytes: Uint8Array) => count({ sentBytes: traffic.sentBytes + bytes.length }));
		socket.pause();
		try {
			const remote = await (await connected()).connect(spec.remotePort, { signal });
			remote.on('data', (bytes: Uint8Array) =>
				count({ receivedBytes: traffic.receivedBytes + bytes.length }),
			);
			joinBoth(socket, remote, (error) => {
				if (!disposed) options.onProblem(errorMessage(error));
			});
		} catch (error) {
			if (!disposed) options.onProblem(errorMessage(error));
			socket.destroy();
		}
	}

	await connected();
	const server = createServer({ allowHalfOpen: true }, (socket) => void join(socket));
	function close(): void {
		if (disposed) return;
		disposed = true;
		clearTimeout(trafficTimer);
		signal.removeEventListener('abort', close);
		server.close();
		for (const socket of sockets) socket.destroy();
		forwarder?.then(
			(opened) => opened.close(),
			() => undefined,
		);
	}
	try {
		const port = await listening(server, spec);
		signal.addEventListener('abort', close);
		if (signal.aborted) close();
		server.on('error', (error) => options.onProblem(errorMessage(error)));
		return { local: addressText(spec.address, port), [Symbol.dispose]: close };
	} catch (error) {
		close();
		throw error;
	}
}

/** Half-closes pass both ways; a failure of the pod's side resets ours, as the pod itself would. */
function joinBoth(socket: Socket, remote: Duplex, onFailure: (error: unknown) => void): void {
	remote.on('error', (error) => {
		onFailure(error);
		socket.resetAndDestroy();
	});
	socket.on('close', () => remote.destroy());
	remote.on('close', () => {
		if (!remote.readableEnded) socket.destroy();
	});
	socket.pipe(remote);
	remote.pipe(socket);
}

function listening(server: Server, spec: ForwardSpec): Promise<number> {
	const { promise, resolve, reject } = Promise.withResolvers<number>();
	server.once('error', (error: NodeJS.ErrnoException) =>
		reject(new Error(listenProblem(error, spec), { cause: error })),
	);
	server.listen(spec.localPort, spec.address, () => {
		const address = server.address();
		server.removeAllListeners('error');
		resolve(typeof address === 'object' && address ? address.port : spec.localPort);
	});
	return promise;
}

/** Why a port cannot be had, and what to do about it. */
export function listenProblem(error: NodeJS.ErrnoException, spec: ForwardSpec): string {
	const where = `cannot listen on ${addressText(spec.address, spec.localPort)}`;
	switch (error.code) {
		case 'EADDRINUSE':
			return `${where}: the port is in use; :${spec.remotePort} takes a free one`;
		case 'EACCES':
			return `${where}: ports below 1024 take root; :${spec.remotePort} takes a free one`;
		case 'EADDRNOTAVAIL':
		case 'ENOTFOUND':
			return `${where}: this host has no such address`;
		default:
			return `${where}: ${error.message}`;
	}
}
