/** Runs the calls of a server: decoding, cancel, deadline, back-pressure, and the status at the end. */
import { type EventEmitter, once } from 'node:events';
import type { Readable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import * as grpc from '@grpc/grpc-js';
import type { WireMessage } from '../codec-fields.ts';
import {
	CriError,
	DeadlineError,
	errorMessage,
	InvalidArgumentError,
	ResourceExhaustedError,
	UnavailableError,
} from '../errors.ts';
import type { CallObserver, ServedRpc } from './served-rpc.ts';
import { endOfCalls, statusOf } from './server-status.ts';
import type { WireMethod } from './wire.ts';

type UnaryCall = grpc.ServerUnaryCall<Buffer, Buffer>;
type StreamCall = grpc.ServerWritableStream<Buffer, Buffer>;
type ExchangeCall = grpc.ServerDuplexStream<Buffer, Buffer>;
type AnyCall = UnaryCall | StreamCall | ExchangeCall;

/** Calls under way on one server. */
export type RunningCalls = {
	/** @returns what grpc-js calls with undecoded requests, and takes encoded answers from. */
	handlerOf(rpc: string, served: ServedRpc, method: WireMethod): grpc.UntypedHandleCall;
	/** Lets no new call in, waits for those under way, and cancels them once the time or the signal says so. */
	end(options: { readonly graceMs: number; readonly signal?: AbortSignal | undefined }): Promise<void>;
};

/** How long calls that were cancelled at the end may take to notice, in milliseconds. */
const cancelledGraceMs = 2_000;

/** Keeps the calls of one server. @param maxMessageBytes largest answer; a larger one is refused before it is sent. */
export function createRunningCalls(observe: CallObserver, maxMessageBytes: number): RunningCalls {
	const running = new Map<(reason: CriError) => void, Promise<unknown>>();
	let stopping: CriError | undefined;

	/** Follows a call from its first word to its status. */
	const follow = (
		call: AnyCall,
		about: Parameters<CallObserver>[0],
		work: (signal: AbortSignal) => Promise<string>,
		fail: (status: ReturnType<typeof statusOf>) => void,
	): void => {
		const observed = observe(about);
		if (stopping !== undefined) {
			fail(statusOf(observed.failed(stopping)));
			return;
		}
		const controller = new AbortController();
		let reason: CriError | undefined;
		const cancel = (why: CriError) => {
			reason ??= why;
			controller.abort(new DOMException(reason.message, { name: 'AbortError', cause: reason }));
		};
		const clearDeadline = onDeadline(call, cancel);
		(call as EventEmitter).once('cancelled', () => {
			// grpc-js tells it of calls that have ended as well, and an error with its stack costs more than such a call.
			if (running.has(cancel)) cancel(new CriError('cancelled', 'the caller has gone'));
		});
		const done = work(controller.signal)
			// A call that was told to end has ended for that reason, whatever it made of it.
			.then(observed.succeeded, (error: unknown) => fail(statusOf(observed.failed(reason ?? error))))
			.finally(() => {
				clearDeadline();
				running.delete(cancel);
			});
		running.set(cancel, done);
	};

	const encoded = (method: WireMethod, message: WireMessage): Buffer => {
		const bytes = method.responseSerialize(message);
		if (bytes.length <= maxMessageBytes) return bytes;
		// In the words that clients know a too long list by, and then ask for its streamed form.
		const cause = `the answer is larger than max (${bytes.length} vs. ${maxMessageBytes} bytes)`;
		throw new ResourceExhaustedError(`cannot answer: ${cause}`);
	};

	const unary = (rpc: string, served: ServedRpc & { kind: 'unary' }, method: WireMethod) => {
		return (call: UnaryCall, callback: grpc.sendUnaryData<Buffer>) => {
			const request = lazily(() => decoded(method, call.request));
			const about = { rpc, subject: quietly(() => served.subject(request())), changes: served.changes };
			const work = async (signal: AbortSignal) => {
				const answer = await served.answer(request(), { signal });
				callback(null, encoded(method, answer));
				return served.result?.(answer) ?? '';
			};
			follow(call, about, work, callback);
		};
	};
	const stream = (rpc: string, served: ServedRpc & { kind: 'stream' }, method: WireMethod) => {
		return (call: StreamCall) => {
			const request = lazily(() => decoded(method, call.request));
			const about = { rpc, subject: quietly(() => served.subject(request())), changes: served.changes };
			const work = async (signal: AbortSignal) => {
				for await (const message of served.answer(request(), { signal })) {
					await write(call, encoded(method, message), signal);
				}
				await finish(call, signal);
				return '';
			};
			follow(call, about, work, (status) => void call.emit('error', status));
		};
	};
	const exchange = (rpc: string, served: ServedRpc & { kind: 'exchange' }, method: WireMethod) => {
		return (call: ExchangeCall) => {
			const work = async (signal: AbortSignal) => {
				for await (const message of served.answer(received(call, method, signal), { signal })) {
					await write(call, encoded(method, message), signal);
				}
				await finish(call, signal);
				return '';
			};
			const about = { rpc, subject: '', changes: served.changes };
			follow(call, about, work, (status) => void call.emit('error', status));
		};
	};

	return {
		handlerOf(rpc, served, method) {
			if (served.kind === 'unary') return unary(rpc, served, method) as grpc.UntypedHandleCall;
			if (served.kind === 'stream') return stream(rpc, served, method) as grpc.UntypedHandleCall;
			return exchange(rpc, served, method) as grpc.UntypedHandleCall;
		},
		async end({ graceMs, signal }) {
			stopping ??= new UnavailableError('criscope is shutting down');
			await endOfCalls(running.values(), graceMs, signal);
			for (const cancel of running.keys()) cancel(stopping);
			await endOfCalls(running.values(), cancelledGraceMs);
		},
	};
}

/** grpc-js answers a late call by itself, but tells its handler only once that answer could be written. */
function onDeadline(call: AnyCall, cancel: (why: CriError) => void): () => void {
	const deadline = Number(call.getDeadline());
	if (!Number.isFinite(deadline)) return () => undefined;
	const late = () => cancel(new DeadlineError('the deadline of the call is over'));
	const timer = setTimeout(late, Math.max(0, deadline - Date.now()));
	return () => clearTimeout(timer);
}

/** Waits until the other end takes more, so that one which does not read costs a few messages and no more. */
async function write(call: StreamCall | ExchangeCall, bytes: Buffer, signal: AbortSignal): Promise<void> {
	signal.throwIfAborted();
	if (!call.write(bytes)) await once(call, 'drain', { signal });
}

/** A stream is served when its last message is on its way, not when it was put into a queue. */
async function finish(call: StreamCall | ExchangeCall, signal: AbortSignal): Promise<void> {
	signal.throwIfAborted();
	const finished = once(call, 'finish', { signal });
	call.end();
	await finished;
}

async function* received(
	call: ExchangeCall,
	method: WireMethod,
	signal: AbortSignal,
): AsyncGenerator<WireMessage, void> {
	// The stream must outlive its reader, since the status goes out on it.
	const messages = (call as unknown as Readable).iterator({ destroyOnReturn: false });
	for await (const bytes of messages) yield decoded(method, bytes as Buffer);
	// A call that is reset ends here like one that is complete. Sending makes grpc-js notice, and a turn later we know:
	// half an archive must not be taken for a whole one.
	call.sendMetadata(new grpc.Metadata());
	await setImmediate();
	signal.throwIfAborted();
}

function decoded(method: WireMethod, bytes: Buffer): WireMessage {
	try {
		return method.requestDeserialize(bytes);
	} catch (cause) {
		throw new InvalidArgumentError(`cannot read the request: ${errorMessage(cause)}`, { cause });
	}
}

function lazily<Value>(make: () => Value): () => Value {
	let made: { readonly value: Value } | undefined;
	return () => {
		made ??= { value: make() };
		return made.value;
	};
}

/** The subject of a request that cannot be read is nothing; its answer says why. */
function quietly(subject: () => string): string {
	try {
		return subject();
	} catch {
		return '';
	}
}
