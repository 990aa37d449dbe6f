/**
 * One gRPC connection: unary calls and streams with deadline, cancel and our errors, the memory of
 * what the runtime does not implement, and reconnecting with back-off whether or not somebody calls.
 */
import * as grpc from '@grpc/grpc-js';
import type { WireMessage } from '../codec-fields.ts';
import { type EndpointAddress, formatEndpoint } from '../endpoint-address.ts';
import { BugError, type CriError, UnavailableError, UnimplementedError } from '../errors.ts';
import { shortId } from '../ids.ts';
import type { CallOptions, Connectivity } from '../ports.ts';
import { probeEndpoint } from '../socket-probe.ts';
import { type ChannelOptions, openChannelClient } from './channel-client.ts';
import { watchConnectivity } from './connectivity.ts';
import { abortError, type CallContext, criErrorOf, isServiceError } from './grpc-error.ts';
import { sendRequests } from './request-stream.ts';
import { type RpcKey, rpcTable } from './rpc-table.ts';
import type { WireItems, WireMethod, WireMethods } from './wire.ts';

/** How a connection behaves. */
export type ConnectionOptions = ChannelOptions & {
	/** Deadline of the quick questions (lists, statuses), in milliseconds. */
	readonly timeoutMs?: number | undefined;
	/** Deadlines of single RPCs, in milliseconds; they count before all but a call's own. */
	readonly timeoutsMs?: { readonly [key in RpcKey]?: number } | undefined;
	/**
	 * How long a call waits for a connection that does not stand, in milliseconds; by default a quick question does not, as
	 * who shows lists asks again anyway, and work that was asked for does.
	 */
	readonly patienceMs?: number | undefined;
};

/** One call's options, with what the error text needs. */
export type InvokeOptions = CallOptions & {
	/** Id or name of the object the call is about. */
	readonly object?: string | undefined;
	/** Time the runtime itself may take, added to the deadline of the table. */
	readonly graceMs?: number | undefined;
};

/** An open connection. Everything may be called at any time and side by side. */
export type Connection = {
	/** @throws the classes of errors.ts, or an AbortError of the signal. */
	unary(key: RpcKey, request: WireMessage, options?: InvokeOptions): Promise<WireMessage>;
	/** As `unary`, with the answer as it came. */
	unaryBytes(key: RpcKey, request: WireMessage, options?: InvokeOptions): Promise<Buffer>;
	/** How to read the items of such an answer. */
	itemsOf(key: RpcKey, field: string): WireItems;
	/** Sends the request when iteration begins; leaving the loop cancels the call. */
	stream(key: RpcKey, request: WireMessage, options?: InvokeOptions): AsyncGenerator<WireMessage, void>;
	/**
	 * Streams both ways: sends the requests as fast as the other end takes them, yields what comes back. An error of the
	 * requests cancels the call and is thrown as it is.
	 */
	exchange(
		key: RpcKey,
		requests: AsyncIterable<WireMessage>,
		options?: InvokeOptions,
	): AsyncGenerator<WireMessage, void>;
	supports(key: RpcKey): boolean;
	readonly connectivity: () => Connectivity;
	onConnectivity(listener: (connectivity: Connectivity) => void): () => void;
	/** Cancels what is under way. */
	close(): void;
};

/**
 * How long work that was asked for (a pull, a stop) waits for a connection that does not stand, in milliseconds: a
 * runtime that is restarted needs a second, on a busy host with hundreds of containers ten.
 */
const workPatienceMs = 15_000;

/**
 * Opens a connection and starts to connect; does not wait for it.
 * @throws InvalidArgumentError where a TLS file cannot be read.
 */
export function openConnection(
	address: EndpointAddress,
	methods: WireMethods,
	options: ConnectionOptions = {},
): Connection {
	const client = openChannelClient(address, options);
	const endpoint = formatEndpoint(address);
	const calls = new Set<{ cancel(): void }>();
	const unimplemented = new Set<RpcKey>();
	const watch = watchConnectivity(client.getChannel(), () => unimplemented.clear());
	let closed = false;

	const contextOf = (key: RpcKey, call: InvokeOptions): CallContext => {
		const facts = rpcTable[key];
		const usual =
			options.timeoutsMs?.[key] ?? (facts.quick ? options.timeoutMs : undefined) ?? facts.timeoutMs;
		return {
			doing: facts.doing,
			object: /^(sha256:)?[0-9a-f]{32,}$/.test(call.object ?? '')
				? shortId(call.object ?? '')
				: (call.object ?? ''),
			endpoint,
			socketPath: address.kind === 'unix' ? address.path : undefined,
			timeoutMs: call.timeoutMs ?? usual + (call.graceMs ?? 0),
		};
	};
	const methodOf = (key: RpcKey, context: CallContext, signal: AbortSignal | undefined) => {
		if (signal?.aborted) throw abortError(signal);
		const refuse = (cause: string) => `cannot ${context.doing}: ${cause}`;
		if (closed) throw new UnavailableError(refuse(`the connection to ${endpoint} is closed`));
		const method = methods.get(rpcTable[key].rpc);
		if (method === undefined) throw new UnimplementedError(refuse(`${endpoint} is not asked for it`));
		if (unimplemented.has(key)) throw new UnimplementedError(refuse('the runtime does not offer this'));
		return method;
	};
	/** Finds the method and gives a connection that was lost the time to come back; the deadline counts from before that. */
	const begin = async (key: RpcKey, context: CallContext, signal: AbortSignal | undefined) => {
		methodOf(key, context, signal);
		const callOptions: grpc.CallOptions = Number.isFinite(context.timeoutMs)
			? { deadline: Date.now() + context.timeoutMs }
			: {};
		// Nothing was sent yet, so that whatever is asked for can wait.
		const patienceMs = options.patienceMs ?? (rpcTable[key].quick ? 0 : workPatienceMs);
		await watch.untilReady(Math.min(patienceMs, context.timeoutMs), signal, isHopeless);
		return { callOptions, method: methodOf(key, context, signal) };
	};
	/** No patience brings a permission, or makes a socket of a file. */
	const isHopeless = async () => /^(denied|broken)$/.test((await probeEndpoint(address)).kind);

	/** Makes our error of what a call failed with; looks at the socket where nobody answered. */
	const translate = async (
		error: unknown,
		key: RpcKey,
		context: CallContext,
		signal: AbortSignal | undefined,
	): Promise<unknown> => {
		if (signal?.aborted) return abortError(signal);
		if (!isServiceError(error)) return error;
		if (error.code === grpc.status.UNIMPLEMENTED) unimplemented.add(key);
		const probe = error.code === grpc.status.UNAVAILABLE ? await probeEndpoint(address) : undefined;
		return criErrorOf(error, context, probe) satisfies CriError;
	};

	const ask = async <Answer>(
		key: RpcKey,
		request: WireMessage,
		call: InvokeOptions,
		decode: (method: WireMethod, bytes: Buffer) => Answer,
	): Promise<Answer> => {
		const context = contextOf(key, call);
		const { method, callOptions } = await begin(key, context, call.signal);
		const { promise, resolve, reject } = Promise.withResolvers<Answer>();
		const running = client.makeUnaryRequest(
			method.path,
			method.requestSerialize,
			(bytes) => decode(method, bytes),
			request,
			callOptions,
			(error, answer) => (error ? reject(error) : resolve(answer as Answer)),
		);
		const cancel = () => running.cancel();
		calls.add(running);
		call.signal?.addEventListener('abort', cancel, { once: true });
		try {
			return await promise;
		} catch (error) {
			throw await translate(error, key, context, call.signal);
		} finally {
			calls.delete(running);
			call.signal?.removeEventListener('abort', cancel);
		}
	};

	/** Yields the answers of a stream; leaving the loop cancels the call. */
	async function* receive(
		running: grpc.ClientReadableStream<WireMessage> | grpc.ClientDuplexStream<WireMessage, WireMessage>,
		key: RpcKey,
		context: CallContext,
		signal: AbortSignal | undefined,
	): AsyncGenerator<WireMessage, void> {
		const cancel = () => running.cancel();
		calls.add(running);
		signal?.addEventListener('abort', cancel, { once: true });
		try {
			for await (const message of running) yield message as WireMessage;
			if (signal?.aborted) throw abortError(signal);
		} catch (error) {
			throw await translate(error, key, context, signal);
		} finally {
			calls.delete(running);
			signal?.removeEventListener('abort', cancel);
			running.cancel();
		}
	}

	return {
		unary: (key, request, call = {}) =>
			ask(key, request, call, (method, bytes) => method.responseDeserialize(bytes)),
		unaryBytes: (key, request, call = {}) => ask(key, request, call, (_method, bytes) => bytes),
		itemsOf(key, field) {
			const method = methods.get(rpcTable[key].rpc);
			if (method === undefined) throw new BugError(`no method for "${key}"`);
			return method.itemsOf(field);
		},
		async *stream(key, request, call = {}) {
			const context = contextOf(key, call);
			const { method, callOptions } = await begin(key, context, call.signal);
			const running = client.makeServerStreamRequest(
				method.path,
				method.requestSerialize,
				method.responseDeserialize,
				request,
				callOptions,
			);
			yield* receive(running, key, context, call.signal);
		},
		async *exchange(key, requests, call = {}) {
			const context = contextOf(key, call);
			const { method, callOptions } = await begin(key, context, call.signal);
			const running = client.makeBidiStreamRequest(
				method.path,
				method.requestSerialize,
				method.responseDeserialize,
				callOptions,
			);
			const sending = sendRequests(running, requests);
			try {
				yield* receive(running, key, context, call.signal);
			} catch (error) {
				throw sending.failure() ?? error;
			} finally {
				sending.stop();
			}
		},
		supports: (key) => methods.has(rpcTable[key].rpc) && !unimplemented.has(key),
		connectivity: watch.current,
		onConnectivity: watch.subscribe,
		close() {
			if (closed) return;
			closed = true;
			watch.stop();
			for (const call of calls) call.cancel();
			client.close();
		},
	};
}
