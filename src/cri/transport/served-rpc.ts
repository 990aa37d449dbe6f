/** What an RPC is to the server: from the request's message to the answer's. */
import type { WireMessage } from '../codec-fields.ts';
import type { CriError } from '../errors.ts';
import type { Soon } from '../soon.ts';

/** A call under way, as its handler sees it. */
export type ServedCall = {
	/** Aborted when the caller gives up, the deadline is over or the server stops. */
	readonly signal: AbortSignal;
};

type RpcFacts = {
	/** What the request is about, for the log: a name or an id, never a credential. '' for nothing. */
	readonly subject: (request: WireMessage) => string;
	/** It changes something: worth a line in the log even when all went well. */
	readonly changes: boolean;
};

/** An RPC with one request and one answer. */
export type UnaryRpc = RpcFacts & {
	readonly kind: 'unary';
	/** What is returned and not promised goes out in the same turn, and costs a third. */
	readonly answer: (request: WireMessage, call: ServedCall) => Soon<WireMessage>;
	/** What came of it, for the log. */
	readonly result?: ((answer: WireMessage) => string) | undefined;
};

/** An RPC whose answer is a stream. The next message is asked for when the last one has been taken. */
export type StreamRpc = RpcFacts & {
	readonly kind: 'stream';
	readonly answer: (request: WireMessage, call: ServedCall) => AsyncIterable<WireMessage>;
};

/** An RPC with streams both ways. Its subject is not known before the first message. */
export type ExchangeRpc = Omit<RpcFacts, 'subject'> & {
	readonly kind: 'exchange';
	readonly answer: (requests: AsyncIterable<WireMessage>, call: ServedCall) => AsyncIterable<WireMessage>;
};

/** Any of them. */
export type ServedRpc = UnaryRpc | StreamRpc | ExchangeRpc;

/** RPCs by their name within one service, such as `ListImages`. */
export type ServedRpcs = Readonly<Record<string, ServedRpc>>;

/** Hears of every call that is served. Exactly one of the two functions is called at its end. */
export type CallObserver = (call: {
	readonly rpc: string;
	readonly subject: string;
	readonly changes: boolean;
}) => {
	readonly succeeded: (result: string) => void;
	/** @returns what the caller is told of what was thrown. */
	readonly failed: (error: unknown) => CriError;
};

/** A request about nothing in particular. */
export function noSubject(): string {
	return '';
}
