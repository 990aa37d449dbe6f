/** Runs the calls of a server: decoding, cancel, deadline, back-pressure, and the status at the end. */
import type { WireMessage } from '../codec-fields.ts';
import {
	CriError,
	DeadlineError,
	grpcStatusOf,
	ResourceExhaustedError,
	UnavailableError,
} from '../errors.ts';
import type { Soon } from '../soon.ts';
import { CallState } from './call-state.ts';
import type { IncomingCall, IncomingMethod } from './http2/incoming-call.ts';
import { createRequestDecoder } from './request-decoder.ts';
import type { CallObserver, ExchangeRpc, ServedRpc, StreamRpc, UnaryRpc } from './served-rpc.ts';
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

type Observed = ReturnType<CallObserver>;

/** Keeps the calls of one server. @param maxMessageBytes largest answer; a larger one is refused before it is sent. */
export function createRunningCalls(observe: CallObserver, maxMessageBytes: number): RunningCalls {
	const running = new Map<CallState, Promise<unknown>>();
	let stopping: CriError | undefined;

	const fail = (call: IncomingCall, observed: Observed, error: unknown): Promise<void> | undefined => {
		const { code, details } = statusOf(observed.failed(error));
		return call.finish(code, details);
	};

	/** Ends a call that has not begun. */
	const refuse = (call: IncomingCall, observed: Observed, error: unknown): void => {
		void fail(call, observed, error);
		call.release();
	};

	/** Follows a call that lasts until its status. */
	const follow = (call: IncomingCall, observed: Observed, state: CallState, work: Promise<string>): void => {
		call.onGone = () => state.cancel(new CriError('cancelled', 'the caller has gone'));
		const late = () => {
			state.cancel(new DeadlineError('the deadline of the call is over'));
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
		const done = work
			// A call that was told to end has ended for that reason, whatever it made of it.
			.then(observed.succeeded, (error: unknown) => fail(call, observed, state.reason ?? error))
			.finally(() => {
				clearImmediate(soon);
				clearTimeout(timer);
				running.delete(state);
				call.release();
			});
		running.set(state, done);
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

	const exchangeMethod = (rpc: string, served: ExchangeRpc, method: WireMethod): IncomingMethod => {
		const about = { rpc, subject: '', changes: served.changes };
		const decode = createRequestDecoder(method, false);
		return {
			streamed: true,
			begin(call) {
				const observed = observe(about);
				if (stopping !== undefined) return refuse(call, observed, stopping);
				const state = new CallState();
				const { signal } = state;
				const work = async () =>
					sendAll(call, method, served.answer(received(call, decode, signal), { signal }), signal);
				follow(call, observed, state, work());
			},
		};
	};

	/** Sends the one answer. @returns what came of it, for the log; promised where it does not go out at once */
	const sendOne = (
		call: IncomingCall,
		served: UnaryRpc,
		method: WireMethod,
		state: CallState,
		answer: WireMessage,
	): Soon<string> => {
		const sent = call.send(encoded(method, answer), true);
		const result = served.result?.(answer) ?? '';
		return sent === undefined ? result : orAborted(sent, state.signal).then(() => result);
	};

	const requestMethod = (rpc: string, served: UnaryRpc | StreamRpc, method: WireMethod): IncomingMethod => {
		const { changes } = served;
		const decode = createRequestDecoder(method, !changes);
		/** @throws at once or later, whatever the handler throws */
		const answerTo = (call: IncomingCall, state: CallState, request: WireMessage): Soon<string> => {
			if (served.kind === 'stream') {
				return sendAll(call, method, served.answer(request, state), state.signal);
			}
			const send = (answer: WireMessage) => sendOne(call, served, method, state, answer);
			const answer = served.answer(request, state);
			return answer instanceof Promise ? answer.then(send) : send(answer);
		};
		return {
			streamed: false,
			begin(call, bytes) {
				let request: WireMessage | undefined;
				let unreadable: unknown;
				try {
					request = decode(bytes);
				} catch (error) {
					unreadable = error;
				}
				const subject = request === undefined ? '' : quietly(() => served.subject(request));
				const observed = observe({ rpc, subject, changes });
				if (stopping !== undefined) return refuse(call, observed, stopping);
				if (request === undefined) return refuse(call, observed, unreadable);
				const state = new CallState();
				let result: Soon<string>;
				try {
					result = answerTo(call, state, request);
				} catch (error) {
					return refuse(call, observed, error);
				}
				if (result instanceof Promise) return follow(call, observed, state, result);
				// It is over already, as most questions are: there is nothing to follow.
				observed.succeeded(result);
				call.release();
			},
		};
	};

	return {
		methodOf: (rpc, served, method) =>
			served.kind === 'exchange' ? exchangeMethod(rpc, served, method) : requestMethod(rpc, served, method),
		async end({ graceMs, signal }) {
			stopping ??= new UnavailableError('criscope is shutting down');
			await endOfCalls(running.values(), graceMs, signal);
			for (const state of running.keys()) state.cancel(stopping);
			await endOfCalls(running.values(), cancelledGraceMs);
		},
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
	decode: (bytes: Buffer) => WireMessage,
	signal: AbortSignal,
): AsyncGenerator<WireMessage, void> {
	for (;;) {
		const bytes = await orAborted(call.nextRequest(), signal);
		if (bytes === undefined) return;
		yield decode(bytes);
	}
}

/** The subject of a request that makes no sense is nothing; its answer says why. */
function quietly(subject: () => string): string {
	try {
		return subject();
	} catch {
		return '';
	}
}
