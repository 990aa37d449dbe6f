/** The server of a runtime: implementations of the ports on a unix socket, over gRPC. */
import type { Socket } from 'node:net';
import { UnimplementedError } from '../errors.ts';
import type { ImageTransferService } from '../image-transfer.ts';
import type { ImageService } from '../ports.ts';
import { type ServerConnection, serveConnection } from './http2/connection.ts';
import { createHuffmanDecoder } from './http2/huffman.ts';
import type { IncomingMethod } from './http2/incoming-call.ts';
import { readChunkBytes, readInto } from './http2/socket-reads.ts';
import { createWholeAnswers } from './http2/whole-answers.ts';
import { imageRpcs } from './image-rpcs.ts';
import { runtimeRpcs } from './runtime-rpcs.ts';
import type { CallObserver, ServedRpc, ServedRpcs } from './served-rpc.ts';
import type { ServedRuntime } from './served-runtime.ts';
import { createRunningCalls } from './server-call.ts';
import { type DuplicateDescriptor, listenOnSocket } from './server-socket.ts';
import { transferRpcs } from './transfer-rpcs.ts';
import { loadWireMethods, type WireServiceName } from './wire.ts';

/** What is served, and to whom it is told. */
export type CriServerOptions = {
	readonly socketPath: string;
	readonly runtime: ServedRuntime;
	readonly images: ImageService;
	readonly transfers: ImageTransferService;
	/** What a call of an RPC that is not served is told. */
	readonly unserved: (rpc: string) => string;
	readonly observe: CallObserver;
	/** Largest request and largest answer; 80 MiB by default. Source: cri-o server, its gRPC limits. */
	readonly maxReceiveMessageBytes?: number | undefined;
	readonly maxSendMessageBytes?: number | undefined;
	/** Lets many clients connect at once on a busy host. */
	readonly duplicate?: DuplicateDescriptor | undefined;
};

/** A server that listens. */
export type CriServer = {
	/** Clients that are connected now. */
	connections(): number;
	/**
	 * Takes no new connection or call, lets those under way end and cancels them when `graceMs` is over or the signal is
	 * aborted. The socket's file is gone when it resolves.
	 */
	stop(options: { readonly graceMs: number; readonly signal?: AbortSignal | undefined }): Promise<void>;
};

/** A client that has not answered a ping for so long is dead or stopped, and its calls are ended. */
const keepAlive = { quietMs: 120_000, answerMs: 20_000 };

const defaultMessageBytes = 80 * 1024 * 1024;

/**
 * Listens.
 * @throws FailedPreconditionError where the socket cannot be had
 */
export async function startCriServer(options: CriServerOptions): Promise<CriServer> {
	const { maxReceiveMessageBytes = defaultMessageBytes, maxSendMessageBytes = defaultMessageBytes } = options;
	const calls = createRunningCalls(options.observe, maxSendMessageBytes);
	const methods = new Map<string, IncomingMethod>();
	const serve = (service: WireServiceName, rpcs: ServedRpcs) => {
		for (const method of loadWireMethods([service]).values()) {
			const rpc = method.path.slice(method.path.lastIndexOf('/') + 1);
			const served = rpcs[rpc] ?? unserved(options.unserved(rpc));
			methods.set(method.path, calls.methodOf(rpc, served, method));
		}
	};
	serve('RuntimeService', runtimeRpcs(options.runtime));
	serve('ImageService', imageRpcs(options.images));
	serve('ImageTransferService', transferRpcs(options.transfers));

	const huffman = createHuffmanDecoder();
	const onFault = (error: unknown) => {
		options.observe({ rpc: '', subject: 'a connection', changes: false }).failed(error);
	};
	const open = new Set<ServerConnection>();
	const wholeAnswers = createWholeAnswers();
	// One for all of them: whoever is served has read what came before the next is.
	const chunk = Buffer.allocUnsafeSlow(readChunkBytes);
	const serveClient = (accepted: Socket) => {
		const reads = readInto(chunk, accepted);
		const { socket: connection } = reads;
		connection.on('error', () => connection.destroy());
		const served = serveConnection(reads, {
			methods,
			maxMessageBytes: maxReceiveMessageBytes,
			keepAlive,
			huffman,
			wholeAnswers,
			onFault,
		});
		open.add(served);
		connection.once('close', () => open.delete(served));
	};
	const socket = await listenOnSocket(options.socketPath, serveClient, { duplicate: options.duplicate });
	return {
		connections: () => open.size,
		async stop(end) {
			socket.close();
			for (const connection of open) connection.drain();
			await calls.end(end);
			for (const connection of open) connection.end();
		},
	};
}

/** An RPC that is not served is refused before its requests come. */
function unserved(cause: string): ServedRpc {
	return {
		kind: 'exchange',
		changes: false,
		// biome-ignore lint/correctness/useYield: it refuses
		answer: async function* () {
			throw new UnimplementedError(cause);
		},
	};
}
