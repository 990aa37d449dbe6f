/** What a connection of ours and the code behind it know of each other. */
import { grpcStatusOf } from '../../errors.ts';

/** A call, as its handler has it. */
export type IncomingCall = {
	/** Milliseconds until nobody waits any more; undefined: never. */
	readonly timeoutMs: number | undefined;
	/** Told once, when the caller has gone: it has cancelled, or its connection is lost. Not after the end. */
	onGone: (() => void) | undefined;
	/**
	 * For calls that are begun before their requests are there.
	 * @returns the next request, undefined after the last
	 * @throws CriError where there is none to be had any more
	 */
	nextRequest(): Promise<Buffer | undefined>;
	/**
	 * Sends an answer; with the last the call has gone well, and is over.
	 * @returns what to wait for before the next; undefined: nothing. Never rejects, also where the caller has gone.
	 */
	send(message: Buffer, last?: boolean): Promise<void> | undefined;
	/** Ends the call, where nothing has yet. @returns what to wait for until that is sent. Never rejects. */
	finish(code: number, details: string): Promise<void> | undefined;
	/** Its handler has come to an end, whatever became of the call. */
	release(): void;
};

/** A method that is served. */
export type IncomingMethod =
	| { readonly streamed: false; readonly begin: (call: IncomingCall, request: Buffer) => void }
	/** Begun at once; it asks for its requests itself. */
	| { readonly streamed: true; readonly begin: (call: IncomingCall) => void };

/** Methods by their path. */
export type IncomingMethods = ReadonlyMap<string, IncomingMethod>;

/** What refuses a call of a path that nobody serves. Source: the words of grpc-js */
export function methodThatIsNone(path: string): IncomingMethod {
	return methodThatRefuses(grpcStatusOf.unimplemented, `The server does not implement the method ${path}`);
}

/** What refuses a call before its requests come. */
export function methodThatRefuses(code: number, details: string): IncomingMethod {
	return {
		streamed: true,
		begin(call) {
			void call.finish(code, details);
			call.release();
		},
	};
}
