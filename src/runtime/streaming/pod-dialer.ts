import { closeSync } from 'node:fs';
import { Socket } from 'node:net';
import { errorMessage, UnavailableError } from '../../cri/errors.ts';
import { errnoCode } from '../sys/errno.ts';
import { createJobThread } from '../sys/job-thread.ts';

/** Asks for a socket of a pod. */
export type PodSocketRequest = {
	readonly number: number;
	readonly netnsPath: string;
	readonly family: 'ipv4' | 'ipv6';
};

/** The socket, connected to nothing, or why there is none. */
export type PodSocketReply = {
	readonly number: number;
	readonly descriptor?: number;
	readonly failure?: string;
};

/** Connects to ports inside pods, from this process: no helper process, nothing to copy through. */
export type PodDialer = AsyncDisposable & {
	/**
	 * Connects to a port on the pod's own 127.0.0.1, or ::1 where nothing listens there.
	 * @param netnsPath the file that pins the pod's network namespace; undefined for a pod on the host's network
	 * @returns a connection of which each half may end by itself
	 * @throws UnavailableError in words for the client; the signal's reason
	 */
	connect(
		netnsPath: string | undefined,
		port: number,
		options?: { readonly signal?: AbortSignal | undefined },
	): Promise<Socket>;
};

/** Forwards come in bursts: after one, the thread waits so long for the next. */
const idleMs = 10_000;

const loopback = { ipv4: '127.0.0.1', ipv6: '::1' } as const;

/**
 * A socket belongs to the namespace in which it was made, whoever uses it later. So a thread of its own enters the pod's
 * namespace just to make one, and this thread connects it like any other. No thread is started before the first.
 * Source: network_namespaces(7)
 */
export function createPodDialer(): PodDialer {
	const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
	const file = new URL(`./pod-socket-worker.${extension}`, import.meta.url);
	const thread = createJobThread<PodSocketRequest, PodSocketReply>({ file, name: 'pod-sockets', idleMs });

	async function connectBy(
		netnsPath: string | undefined,
		family: 'ipv4' | 'ipv6',
		port: number,
		signal: AbortSignal | undefined,
	): Promise<Socket> {
		if (netnsPath === undefined) return connected(new Socket({ allowHalfOpen: true }), family, port, signal);
		const { descriptor, failure } = await thread.run({ netnsPath, family });
		if (descriptor === undefined) throw new Error(failure);
		let socket: Socket;
		try {
			signal?.throwIfAborted();
			socket = new Socket({ fd: descriptor, allowHalfOpen: true });
		} catch (error) {
			closeSync(descriptor);
			throw error;
		}
		return connected(socket, family, port, signal);
	}

	return {
		async connect(netnsPath, port, { signal } = {}) {
			signal?.throwIfAborted();
			const refusals: string[] = [];
			for (const family of ['ipv4', 'ipv6'] as const) {
				try {
					return await connectBy(netnsPath, family, port, signal);
				} catch (error) {
					signal?.throwIfAborted();
					const code = errnoCode(error);
					refusals.push(
						code === 'ECONNREFUSED' ? `nothing listens on ${loopback[family]}` : errorMessage(error),
					);
					// A namespace that is gone is so for both families.
					if (code === undefined) break;
				}
			}
			throw new UnavailableError(`cannot connect to port "${port}" of the pod: ${refusals.join(', ')}`);
		},
		[Symbol.asyncDispose]: () => thread[Symbol.asyncDispose](),
	};
}

function connected(
	socket: Socket,
	family: 'ipv4' | 'ipv6',
	port: number,
	signal: AbortSignal | undefined,
): Promise<Socket> {
	return new Promise((resolve, reject) => {
		const abort = () => {
			socket.destroy();
			reject(signal?.reason);
		};
		const settle = () => {
			signal?.removeEventListener('abort', abort);
			socket.off('error', fail);
		};
		const fail = (error: Error) => {
			settle();
			socket.destroy();
			reject(error);
		};
		socket.once('error', fail);
		signal?.addEventListener('abort', abort, { once: true });
		// Half a keystroke must not wait for the other half.
		socket.setNoDelay(true);
		socket.connect({ host: loopback[family], port }, () => {
			settle();
			resolve(socket);
		});
	});
}
