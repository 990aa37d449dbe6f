/** Runs the calls of a server: decoding, cancel, deadline, back-pressure, and the status at the end. */
import type { WireMessage } from '../codec-fields.ts';
import {
	CriError,
	DeadlineError,
	errorMessage,
	grpcStatusOf,
	InvalidArgumentError,
	ResourceExhaustedError,
	UnavailableError,
} from '../errors.ts';
import type { IncomingCall, IncomingMethod } from './http2/incoming-call.ts';
import type { CallObserver, ServedCall, ServedRpc } from './served-rpc.ts';
import { endOfCalls, statusOf } from './server-status.ts';
import type { WireMethod } from './wire.ts';

/** Calls under way on one server. */
export type RunningCalls = {
	/** @returns what takes undecoded requests, and gives encoded answers. */
	methodOf(rpc: string, served: ServedRpc, method: WireMethod): IncomingMethod;
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
		call: IncomingCall,
		about: Parameters<CallObserver>[0],
		work: (served: ServedCall) => Promise<string>,
	): void => {
		const observed = observe(about);
		const fail = (error: unknown) => {
			const { code, details } = statusOf(observed.failed(error));
			return call.finish(code, details);
		};
		if (stopping !== undefined) {
			void fail(stopping);
			call.release();
			return;
		}
		const served = servedCall();
		call.onGone = () => served.cancel(new CriError('cancelled', 'the caller has gone'));
		const late = () => {
			served.cancel(new DeadlineError('the deadline of the call is over'));
			// It may take its handler a while to notice, and the caller is not to wait for that.
			void call.finish(grpcStatusOf.deadlineExceeded, 'Deadline exceeded');
		};
		// Most calls are answered within this turn of the event loop, and a timer costs as much as one of those.
		let timer: NodeJS.Timeout | undefined;
		const soon =
			call.timeoutMs === undefined
				? undefined
				: setImmediate(() => {
						timer = setTimeout(late, call.timeoutMs);
					});
		const done = work(served)
			// A call that was told to end has ended for that reason, whatever it made of it.
			.then(observed.succeeded, (error: unknown) => fail(served.reason() ?? error))
			.finally(() => {
				clearImmediate(soon);
				clearTimeout(timer);
				running.delete(served.cancel);
				call.release();
			});
		running.set(served.cancel, done);
	};

	const encoded = (method: WireMethod, message: WireMessage): Buffer => {
		const bytes = method.responseSerialize(message);
		if (bytes.length <= maxMessageBytes) return bytes;
		// In the words that clients know a too long list by, and then ask for its streamed form.
		const cause = `the answer is larger than max (${bytes.length} vs. ${maxMessageBytes} bytes)`;
		throw new ResourceExhaustedError(`cannot answer: ${cause}`);
	};

	const sendAll = async (
		call: IncomingCall,
		method: WireMethod,
		messages: AsyncIterable<WireMessage>,
		signal: AbortSignal,
	): Promise<string> => {
		for await (const message of messages) {
			signal.throwIfAborted();
			await orAborted(call.send(encoded(method, message)), signal);
		}
		signal.throwIfAborted();
		// A stream is served when its last message is on its way, not when it was put into a queue.
		await orAborted(call.finish(0, ''), signal);
		return '';
	};

	return {
		methodOf(rpc, served, method) {
			if (served.kind === 'exchange') {
				const about = { rpc, subject: '', changes: served.changes };
				return {
					streamed: true,
					begin: (call) =>
						follow(call, about, ({ signal }) =>
							sendAll(call, method, served.answer(received(call, method, signal), { signal }), signal),
						),
				};
			}
			return {
				streamed: false,
				begin(call, bytes) {
					const request = lazily(() => decoded(method, bytes));
					const subject = quietly(() => served.subject(request()));
					follow(call, { rpc, subject, changes: served.changes }, async (about) => {
						if (served.kind === 'stream') {
							return sendAll(call, method, served.answer(request(), about), about.signal);
						}
						const answer = await served.answer(request(), about);
						const sent = call.send(encoded(method, answer), true);
						if (sent !== undefined) await orAborted(sent, about.signal);
						return served.result?.(answer) ?? '';
					});
				},
			};
		},
		async end({ graceMs, signal }) {
			stopping ??= new UnavailableError('criscope is shutting down');
			await endOfCalls(running.values(), graceMs, signal);
			for (const cancel of running.keys()) cancel(stopping);
			await endOfCalls(running.values(), cancelledGraceMs);
		},
	};
}

/** A call whose signal is made when somebody asks for it: most calls are answered before anybody would. */
function servedCall(): ServedCall & {
	readonly cancel: (why: CriError) => void;
	readonly reason: () => CriError | undefined;
} {
	let controller: AbortController | undefined;
	let reason: CriError | undefined;
	const abort = () => {
		controller?.abort(new DOMException(reason?.message, { name: 'AbortError', cause: reason }));
	};
	return {
		get signal() {
			if (controller === undefined) {
				controller = new AbortController();
				if (reason !== undefined) abort();
			}
			return controller.signal;
		},
		cancel(why) {
			if (reason !== undefined) return;
			reason = why;
			abort();
		},
		reason: () => reason,
	};
}

/** Waits, so that a caller who does not read costs a few messages and no more. @throws the signal's reason */
async function orAborted<Value>(
	waiting: Promise<Value> | undefined,
	signal: AbortSignal,
): Promise<Value | undefined> {
	if (waiting === undefined) return undefined;
	const aborted = Promise.withResolvers<never>();
	const stop = () => aborted.reject(signal.reason);
	signal.addEventListener('abort', stop, { once: true });
	// Not thrown at once: what is waited for may fail as well, and somebody must have heard of it.
	if (signal.aborted) stop();
	try {
		return await Promise.race([waiting, aborted.promise]);
	} finally {
		signal.removeEventListener('abort', stop);
	}
}

async function* received(
	call: IncomingCall,
	method: WireMethod,
	signal: AbortSignal,
): AsyncGenerator<WireMessage, void> {
	for (;;) {
		const bytes = await orAborted(call.nextRequest(), signal);
		if (bytes === undefined) return;
		yield decoded(method, bytes);
	}
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
