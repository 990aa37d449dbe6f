/** The server of a runtime: implementations of the ports on a unix socket, over gRPC. */
import * as grpc from '@grpc/grpc-js';
import { UnimplementedError } from '../errors.ts';
import type { ImageTransferService } from '../image-transfer.ts';
import type { ImageService } from '../ports.ts';
import { imageRpcs } from './image-rpcs.ts';
import { takeLongDeadlines } from './long-deadlines.ts';
import { runtimeRpcs } from './runtime-rpcs.ts';
import { type CallObserver, noSubject, type ServedRpc, type ServedRpcs } from './served-rpc.ts';
import type { ServedRuntime } from './served-runtime.ts';
import { createRunningCalls } from './server-call.ts';
import { listenOnSocket } from './server-socket.ts';
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
const keepalive = { 'grpc.keepalive_time_ms': 120_000, 'grpc.keepalive_timeout_ms': 20_000 };

const defaultMessageBytes = 80 * 1024 * 1024;

/** Calls of one connection at a time; a kubelet has one connection for everything. */
const maxConcurrentStreams = 1_000;

/**
 * Listens. Import this module lazily: it brings gRPC with it.
 * @throws FailedPreconditionError where the socket cannot be had
 */
export async function startCriServer(options: CriServerOptions): Promise<CriServer> {
	grpc.setLogVerbosity(grpc.logVerbosity.NONE);
	const { maxReceiveMessageBytes = defaultMessageBytes, maxSendMessageBytes = defaultMessageBytes } = options;
	const server = new grpc.Server({
		'grpc.max_receive_message_length': maxReceiveMessageBytes,
		'grpc.max_send_message_length': maxSendMessageBytes,
		'grpc.max_concurrent_streams': maxConcurrentStreams,
		'grpc.enable_channelz': 0,
		...keepalive,
	});
	takeLongDeadlines(server);
	const calls = createRunningCalls(options.observe, maxSendMessageBytes);
	const unserved = (rpc: string): ServedRpc => ({
		kind: 'unary',
		subject: noSubject,
		changes: false,
		answer: async () => {
			throw new UnimplementedError(options.unserved(rpc));
		},
	});
	const serve = (service: WireServiceName, rpcs: ServedRpcs) => {
		const definition: Record<string, object> = {};
		const implementation: grpc.UntypedServiceImplementation = {};
		for (const method of loadWireMethods([service]).values()) {
			const rpc = method.path.slice(method.path.lastIndexOf('/') + 1);
			const served = rpcs[rpc] ?? unserved(rpc);
			// Bytes come and go as they are: server-call.ts knows what is wrong with them.
			const plain = {
				requestSerialize: asIs,
				requestDeserialize: asIs,
				responseSerialize: asIs,
				responseDeserialize: asIs,
			};
			// A refusal needs no stream, whatever the RPC would have been.
			const streams = served === rpcs[rpc] ? method : { requestStream: false, responseStream: false };
			definition[rpc] = {
				...plain,
				path: method.path,
				requestStream: streams.requestStream,
				responseStream: streams.responseStream,
			};
			implementation[rpc] = calls.handlerOf(rpc, served, method);
		}
		server.addService(definition as grpc.ServiceDefinition, implementation);
	};
	serve('RuntimeService', runtimeRpcs(options.runtime));
	serve('ImageService', imageRpcs(options.images));
	serve('ImageTransferService', transferRpcs(options.transfers));

	const connections = server.createConnectionInjector(grpc.ServerCredentials.createInsecure());
	let open = 0;
	const socket = await listenOnSocket(options.socketPath, (connection) => {
		open += 1;
		connection.once('close', () => {
			open -= 1;
		});
		connection.on('error', () => connection.destroy());
		connections.injectConnection(connection);
	});
	return {
		connections: () => open,
		async stop(end) {
			socket.close();
			await calls.end(end);
			connections.drain(0);
			server.forceShutdown();
		},
	};
}

function asIs(bytes: Buffer): Buffer {
	return bytes;
}
