/** One stream of a connection: a call on its way in, and its answer on its way out. */
import { CriError, grpcStatusOf } from '../../errors.ts';
import type { IncomingCall, IncomingMethod } from './incoming-call.ts';
import { streamWindowBytes } from './limits.ts';
import { messageHeadBytes } from './message-head.ts';
import { createRequestMessages, type RequestMessages, type RequestStream } from './request-messages.ts';
import type { Answer, Sender } from './sender.ts';

/** What a stream needs of its connection. */
export type StreamParts = {
	readonly sender: Sender;
	/** Largest request, in bytes. */
	readonly maxMessageBytes: number;
	/** So many bytes more are kept, or less. @throws CriError where there is no room for them */
	readonly hold: (bytes: number) => void;
	/** Does one piece of work after the other, of all streams. */
	readonly inTurn: RequestStream['inTurn'];
	/** Tells the client that it may send so much more on a stream. */
	readonly tellWindow: (id: number, bytes: number) => void;
	/** The handler of a call has begun, or has ended. */
	readonly underWay: (change: 1 | -1) => void;
};

/**
 * Where a stream stands. A class, since one is made for every call: its methods are there already, and what most calls do
 * not need is made when they do.
 */
export class ServerStream implements IncomingCall, RequestStream {
	readonly id: number;
	readonly method: IncomingMethod;
	readonly timeoutMs: number | undefined;
	readonly encoding: string;
	readonly answer: Answer;
	onGone: (() => void) | undefined = undefined;
	/** The client has said its last word. */
	requestEnded = false;
	readonly #parts: StreamParts;
	#requests: RequestMessages | undefined = undefined;
	/** What the client may still send, and what of that it has not been told of. */
	#windowBytes = streamWindowBytes;
	#untoldBytes = 0;
	#begun = false;

	constructor(
		id: number,
		headers: { readonly timeoutMs: number | undefined; readonly encoding: string },
		method: IncomingMethod,
		parts: StreamParts,
	) {
		this.id = id;
		this.timeoutMs = headers.timeoutMs;
		this.encoding = headers.encoding;
		this.method = method;
		this.#parts = parts;
		this.answer = parts.sender.open(id);
	}

	get maxMessageBytes(): number {
		return this.#parts.maxMessageBytes;
	}

	nextRequest(): Promise<Buffer | undefined> {
		return this.#received().next();
	}

	send(message: Buffer, last?: boolean): Promise<void> | undefined {
		return this.#parts.sender.send(this.answer, message, last);
	}

	finish(code: number, details: string): Promise<void> | undefined {
		return this.#parts.sender.finish(this.answer, code, details);
	}

	release(): void {
		if (!this.#begun) return;
		this.#begun = false;
		this.#parts.underWay(-1);
	}

	hold(bytes: number): void {
		this.#parts.hold(bytes);
	}

	inTurn<Value>(work: () => Promise<Value>): Promise<Value> {
		return this.#parts.inTurn(work);
	}

	/** Half a window at a time: a word for each piece would cost more than the piece. */
	grant(bytes: number): void {
		this.#untoldBytes += bytes;
		if (this.requestEnded || this.answer.over || this.#untoldBytes < streamWindowBytes / 2) return;
		this.#windowBytes += this.#untoldBytes;
		this.#parts.tellWindow(this.id, this.#untoldBytes);
		this.#untoldBytes = 0;
	}

	/** @returns false where the client has sent more than it might */
	charge(bytes: number): boolean {
		this.#windowBytes -= bytes;
		return this.#windowBytes >= 0;
	}

	/** Begins a call that asks for its requests itself. */
	beginStreamed(): void {
		if (this.method.streamed) {
			this.#begin();
			this.method.begin(this);
		}
	}

	/** Takes a piece of the requests. */
	receive(piece: Buffer, padding: number, ends: boolean): void {
		const { method } = this;
		// What nearly every call is: one small message, in one piece.
		if (
			ends &&
			!method.streamed &&
			this.#requests === undefined &&
			piece.length >= messageHeadBytes &&
			piece[0] === 0 &&
			piece.readUInt32BE(1) === piece.length - messageHeadBytes &&
			piece.length - messageHeadBytes <= this.maxMessageBytes
		) {
			this.requestEnded = true;
			this.#begin();
			return void method.begin(this, piece.subarray(messageHeadBytes));
		}
		const requests = this.#received();
		try {
			if (padding > 0) this.grant(padding);
			requests.feed(piece);
		} catch (error) {
			return void this.#refuse(error);
		}
		if (ends) this.endRequest();
		else if (!method.streamed && requests.waiting() > 1) this.#refuseCount(2);
	}

	/** The client has said its last word. */
	endRequest(): void {
		this.requestEnded = true;
		const { method } = this;
		const requests = this.#received();
		try {
			requests.end();
		} catch (error) {
			return void this.#refuse(error);
		}
		if (method.streamed) return;
		const count = requests.waiting();
		if (count !== 1) return void this.#refuseCount(count);
		const begin = (request: Buffer | undefined) => {
			if (this.answer.over || request === undefined) return;
			this.#begin();
			method.begin(this, request);
		};
		const plain = requests.takePlain();
		if (plain !== undefined) return void begin(plain);
		requests.next().then(begin, (error: unknown) => this.#refuse(error));
	}

	/** It is over for the client: whoever works for it is told. */
	abandon(): void {
		const wasOver = this.answer.over;
		this.#parts.sender.drop(this.answer);
		this.dropRequests();
		if (!wasOver) this.onGone?.();
	}

	/** Nobody wants them any more. */
	dropRequests(): void {
		this.#requests?.drop(new CriError('cancelled', 'the call is over'));
	}

	#received(): RequestMessages {
		this.#requests ??= createRequestMessages(this);
		return this.#requests;
	}

	#begin(): void {
		this.#begun = true;
		this.#parts.underWay(1);
	}

	/** Source: gRPC statuscodes.md, "Request cardinality violation" */
	#refuseCount(count: number): void {
		const cause = count === 0 ? 'the request is missing' : 'more than one request';
		void this.finish(grpcStatusOf.unimplemented, cause);
	}

	/** Ends a call whose requests cannot be had. Anything but a CriError is a fault of ours. */
	#refuse(error: unknown): void {
		if (!(error instanceof CriError)) throw error;
		// What comes after it is read no more, and a handler that waits for it hears why.
		this.#requests?.drop(error);
		void this.finish(grpcStatusOf[error.code], error.message);
	}
}
