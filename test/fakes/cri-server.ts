/**
 * A CRI runtime that holds nothing and can fail in every way: for tests of faults and for measuring with
 * thousands of objects. In-process by {@link startFakeCriServer}; as a process by
 * `node test/fakes/cri-server.ts --socket PATH [--pods N] [--containers M] [--log-dir DIR] [--fault FAULT]…`
 * (faults: see cri-faults.ts), which prints `ready` when it listens.
 */
import { rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { parseArgs } from 'node:util';
import * as grpc from '@grpc/grpc-js';
import { loadWireMethods, type WireMethod } from '../../src/cri/transport/wire.ts';
import { addFault, type FakeFaults, noFaults, type RpcFault } from './cri-faults.ts';
import { createFakeHandlers, type FakeHandler, FakeStatusError } from './cri-handlers.ts';
import { addLies, createFakeState, type FakeMessage, type FakeState } from './cri-state.ts';
import { addTransferService, type createFakeTransfers } from './transfer-service.ts';

/** What the fake starts with. */
export type FakeCriOptions = {
	readonly socketPath: string;
	readonly pods?: number | undefined;
	readonly containers?: number | undefined;
	readonly logDir?: string | undefined;
	/** As on the command line. */
	readonly faults?: readonly string[] | undefined;
	/** What Exec, Attach and PortForward answer with, without the path. */
	readonly streamingUrl?: string | undefined;
	/** Extra fields of a verbose answer. */
	readonly info?: FakeMessage | undefined;
	/** Keeps a state from an earlier server, for a restart. */
	readonly state?: FakeState | undefined;
	/** Serves the second service too, as a test says. */
	readonly transfers?: ReturnType<typeof createFakeTransfers> | undefined;
	/** Listens on a port of 127.0.0.1 that the system chooses, instead of the socket. */
	readonly tcp?: boolean | undefined;
	/** PEM, for TLS; with `ca` it asks its clients for a certificate of that authority. */
	readonly tls?: { readonly key: Buffer; readonly cert: Buffer; readonly ca?: Buffer } | undefined;
};

/** A fake that listens. */
export type FakeCriServer = {
	readonly state: FakeState;
	/** Where it listens, for a client. */
	readonly endpoint: string;
	/** May be changed at any time; the next call obeys. */
	readonly faults: FakeFaults;
	/** Answers that a test puts in the place of an RPC's own; may be changed at any time. */
	readonly answers: Map<string, FakeMessage>;
	/** How often each RPC was called. */
	readonly callCounts: ReadonlyMap<string, number>;
	/** The last request of each RPC, decoded. */
	readonly lastRequests: ReadonlyMap<string, FakeMessage>;
	/** Breaks every connection at once, as a killed runtime does. */
	stop(): Promise<void>;
};

type UnaryCall = grpc.ServerUnaryCall<FakeMessage, FakeMessage>;
type StreamCall = grpc.ServerWritableStream<FakeMessage, FakeMessage>;

/** Starts the fake and waits until it listens. */
export async function startFakeCriServer(options: FakeCriOptions): Promise<FakeCriServer> {
	const { socketPath } = options;
	const state =
		options.state ??
		createFakeState({ pods: options.pods ?? 3, containers: options.containers ?? 2, logDir: options.logDir });
	const faults = noFaults();
	for (const fault of options.faults ?? []) addFault(faults, fault);
	if (faults.lying) addLies(state);
	const answers = new Map<string, FakeMessage>();
	const callCounts = new Map<string, number>();
	const lastRequests = new Map<string, FakeMessage>();
	rmSync(socketPath, { force: true });
	const listening = { state, faults, answers, callCounts, lastRequests, endpoint: `unix://${socketPath}` };
	if (faults.halfDead) return { ...listening, stop: await listenMute(socketPath) };

	const server = new grpc.Server({
		'grpc.max_send_message_length': -1,
		'grpc.max_receive_message_length': -1,
	});
	const handlers = createFakeHandlers(state, {
		streamingUrl: options.streamingUrl ?? 'http://127.0.0.1:1',
		info: options.info ?? {},
	});
	const answering = (rpc: string): FakeHandler | undefined => {
		const handler = handlers.get(rpc);
		return handler && ((request) => answers.get(rpc) ?? handler(request));
	};
	const begin = (rpc: string, request: FakeMessage): RpcFault | undefined => {
		callCounts.set(rpc, (callCounts.get(rpc) ?? 0) + 1);
		lastRequests.set(rpc, request);
		return faults.byRpc.get(rpc) ?? faults.byRpc.get('*');
	};
	for (const service of ['RuntimeService', 'ImageService'] as const) {
		const definition: Record<string, object> = {};
		const implementation: grpc.UntypedServiceImplementation = {};
		for (const [rpc, method] of loadWireMethods([service])) {
			definition[rpc] = { ...method, requestStream: false };
			implementation[rpc] = implement(rpc, method, answering(rpc), begin, state) as grpc.UntypedHandleCall;
		}
		server.addService(definition as grpc.ServiceDefinition, implementation);
	}
	if (options.transfers) addTransferService(server, options.transfers);
	const bound = Promise.withResolvers<number>();
	const address = options.tcp ? '127.0.0.1:0' : `unix:${socketPath}`;
	server.bindAsync(address, serverCredentials(options), (error, port) =>
		error ? bound.reject(error) : bound.resolve(port),
	);
	const port = await bound.promise;
	return {
		...listening,
		...(options.tcp && { endpoint: `tcp://127.0.0.1:${port}` }),
		stop: async () => {
			server.forceShutdown();
			rmSync(socketPath, { force: true });
		},
	};
}

function serverCredentials({ tls }: FakeCriOptions): grpc.ServerCredentials {
	if (tls === undefined) return grpc.ServerCredentials.createInsecure();
	const pair = { private_key: tls.key, cert_chain: tls.cert };
	return grpc.ServerCredentials.createSsl(tls.ca ?? null, [pair], tls.ca !== undefined);
}

/** A server that takes connections and never answers. */
async function listenMute(socketPath: string): Promise<() => Promise<void>> {
	const sockets = new Set<Socket>();
	const mute: Server = createServer((socket) => {
		sockets.add(socket);
		socket.on('error', () => socket.destroy());
		socket.on('close', () => sockets.delete(socket));
	});
	await new Promise<void>((resolve) => mute.listen(socketPath, resolve));
	return async () => {
		for (const socket of sockets) socket.destroy();
		await new Promise((resolve) => mute.close(resolve));
	};
}

function failure(fault: RpcFault | undefined): { code: number; details: string } | undefined {
	if (fault?.kind === 'error') return { code: fault.code, details: fault.message };
	if (fault?.kind === 'unimplemented') return { code: grpc.status.UNIMPLEMENTED, details: 'unknown method' };
	return undefined;
}

function statusOf(error: unknown): { code: number; details: string } {
	if (error instanceof FakeStatusError) return { code: error.code, details: error.message };
	return { code: grpc.status.INTERNAL, details: String(error) };
}

function implement(
	rpc: string,
	method: WireMethod,
	handler: FakeHandler | undefined,
	begin: (rpc: string, request: FakeMessage) => RpcFault | undefined,
	state: FakeState,
) {
	const later = (fault: RpcFault | undefined, answer: () => void) => {
		if (fault?.kind === 'hang') return;
		if (fault?.kind === 'slow') setTimeout(answer, fault.delayMs);
		else answer();
	};
	const answerOf = (request: FakeMessage) => {
		if (handler === undefined) throw new FakeStatusError(grpc.status.UNIMPLEMENTED, `unknown method ${rpc}`);
		return handler(request);
	};
	if (!method.responseStream) {
		return (call: UnaryCall, callback: grpc.sendUnaryData<FakeMessage>) => {
			const fault = begin(rpc, call.request);
			later(fault, () => {
				const failed = failure(fault);
				if (failed) return callback(failed);
				try {
					return callback(null, answerOf(call.request) as FakeMessage);
				} catch (error) {
					return callback(statusOf(error));
				}
			});
		};
	}
	return (call: StreamCall) => {
		const fault = begin(rpc, call.request);
		later(fault, () => {
			const failed = failure(fault);
			if (failed) return void call.emit('error', failed);
			if (rpc === 'GetContainerEvents') return streamEvents(call, state, fault);
			try {
				const messages = answerOf(call.request) as readonly FakeMessage[];
				const count = fault?.kind === 'close' ? fault.afterMessages : messages.length;
				for (const message of messages.slice(0, count)) call.write(message);
				if (fault?.kind === 'close') call.emit('error', { code: grpc.status.UNAVAILABLE, details: 'closed' });
				else call.end();
			} catch (error) {
				call.emit('error', statusOf(error));
			}
		});
	};
}

function streamEvents(call: StreamCall, state: FakeState, fault: RpcFault | undefined): void {
	let left = fault?.kind === 'close' ? fault.afterMessages : Number.POSITIVE_INFINITY;
	const listener = (event: { containerId: string; type: string; podSandboxId: string }) => {
		call.write({
			containerId: event.containerId,
			containerEventType: event.type,
			createdAt: String(BigInt(Date.now()) * 1_000_000n),
			podSandboxStatus: state.pods.get(event.podSandboxId) ?? null,
		});
		left -= 1;
		if (left <= 0) call.emit('error', { code: grpc.status.UNAVAILABLE, details: 'closed' });
	};
	state.listeners.add(listener);
	call.on('cancelled', () => state.listeners.delete(listener));
	// Headers at once, so that a subscriber knows that it is subscribed.
	call.sendMetadata(new grpc.Metadata());
}

if (import.meta.main) {
	const { values } = parseArgs({
		options: {
			socket: { type: 'string' },
			pods: { type: 'string', default: '3' },
			containers: { type: 'string', default: '2' },
			'log-dir': { type: 'string' },
			fault: { type: 'string', multiple: true, default: [] },
			'streaming-url': { type: 'string' },
		},
	});
	if (!values.socket)
		throw new Error('usage: cri-server.ts --socket PATH [--pods N] [--containers M] [--fault F]…');
	const server = await startFakeCriServer({
		socketPath: values.socket,
		pods: Number(values.pods),
		containers: Number(values.containers),
		logDir: values['log-dir'],
		faults: values.fault,
		streamingUrl: values['streaming-url'],
	});
	for (const signal of ['SIGTERM', 'SIGINT'] as const) {
		process.once(signal, () => void server.stop().then(() => process.exit(0)));
	}
	process.stdout.write('ready\n');
}
