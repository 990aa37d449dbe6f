/** The requests of one call, on their way from its stream to its handler. */
import { promisify } from 'node:util';
import { gunzip, inflate } from 'node:zlib';
import {
	CriError,
	errorMessage,
	InternalError,
	ResourceExhaustedError,
	UnimplementedError,
} from '../../errors.ts';
import { messageHeadBytes } from './message-head.ts';
import { createMessageReader, type ReceivedMessage } from './message-reader.ts';

/** What a stream's requests need of it. */
export type RequestStream = {
	/** As `grpc-encoding` says it. */
	readonly encoding: string;
	readonly maxMessageBytes: number;
	/** So many bytes more are kept, or less where it is negative. @throws CriError where there is no room for them. */
	hold(bytes: number): void;
	/** Waits until nobody else on the connection unpacks: a few bytes may become the largest request. */
	inTurn<Value>(work: () => Promise<Value>): Promise<Value>;
	/** The other end may send so many bytes more. */
	grant(bytes: number): void;
};

/** Requests in their order. */
export type RequestMessages = {
	/** Bytes of the stream. @throws CriError where they cannot become requests */
	feed(piece: Buffer): void;
	/** No more will come. @throws InternalError in the middle of a message */
	end(): void;
	/** The stream is over before its end, or nobody wants more: a handler that waits is told. */
	drop(reason: unknown): void;
	/** Requests that are whole and were not taken. */
	waiting(): number;
	/** The next one where it is there and plain, without waiting for anything. */
	takePlain(): Buffer | undefined;
	/** @returns undefined after the last. @throws the reason of `drop`, or CriError where it cannot be unpacked */
	next(): Promise<Buffer | undefined>;
};

/**
 * Lets the other end send as long as no whole request waits: a message that is not whole grows to its limit, and behind one
 * that nobody takes there is never more than a window.
 */
export function createRequestMessages(stream: RequestStream): RequestMessages {
	const { encoding, maxMessageBytes } = stream;
	const whole: ReceivedMessage[] = [];
	const reader = createMessageReader(maxMessageBytes, (message) => void whole.push(message));
	let ended = false;
	let dropped: { readonly reason: unknown } | undefined;
	let heldBytes = 0;
	let ungrantedBytes = 0;
	let waiter: PromiseWithResolvers<void> | undefined;

	function wake(): void {
		waiter?.resolve();
		waiter = undefined;
	}

	function keep(bytes: number): void {
		stream.hold(bytes);
		heldBytes += bytes;
	}

	function take(): ReceivedMessage | undefined {
		const message = whole.shift();
		if (message === undefined) return undefined;
		if (!message.compressed) keep(-messageHeadBytes - message.bytes.length);
		if (whole.length === 0 && !ended && ungrantedBytes > 0) {
			stream.grant(ungrantedBytes);
			ungrantedBytes = 0;
		}
		return message;
	}

	return {
		feed(piece) {
			if (dropped !== undefined || piece.length === 0) return;
			keep(piece.length);
			reader.feed(piece);
			if (whole.length > 0) {
				ungrantedBytes += piece.length;
				wake();
			} else stream.grant(piece.length);
		},
		end() {
			if (!reader.atBoundary()) throw new InternalError('a request that is cut off');
			ended = true;
			wake();
		},
		drop(reason) {
			if (dropped !== undefined) return;
			dropped = { reason };
			whole.length = 0;
			keep(-heldBytes);
			wake();
		},
		waiting: () => whole.length,
		takePlain: () => (whole[0]?.compressed === false ? take()?.bytes : undefined),
		async next() {
			while (whole.length === 0 && !ended && dropped === undefined) {
				waiter ??= Promise.withResolvers();
				await waiter.promise;
			}
			if (dropped !== undefined) throw dropped.reason;
			const message = take();
			if (message?.compressed !== true) return message?.bytes;
			try {
				return await stream.inTurn(async () => {
					// Its caller may have gone meanwhile.
					if (dropped !== undefined) throw dropped.reason;
					return unpack(message.bytes, encoding, maxMessageBytes);
				});
			} finally {
				if (dropped === undefined) keep(-messageHeadBytes - message.bytes.length);
			}
		},
	};
}

/** By the name that `grpc-encoding` has for it. */
const unpackers: Readonly<Record<string, typeof gunzip | typeof inflate>> = {
	gzip: gunzip,
	deflate: inflate,
};

/** @throws CriError where it is packed in a way that nobody knows, is damaged, or is too large */
async function unpack(bytes: Buffer, encoding: string, maxBytes: number): Promise<Buffer> {
	const unpacker = Object.hasOwn(unpackers, encoding) ? unpackers[encoding] : undefined;
	if (unpacker === undefined) {
		throw encoding === 'identity'
			? new InternalError('a compressed request without its encoding')
			: new UnimplementedError('the compression of the request is not known, only gzip and deflate');
	}
	try {
		const unpacked = promisify(unpacker) as (
			bytes: Buffer,
			options: { readonly maxOutputLength: number },
		) => Promise<Buffer>;
		return await unpacked(bytes, { maxOutputLength: maxBytes });
	} catch (cause) {
		if (cause instanceof CriError) throw cause;
		if (cause instanceof RangeError) {
			throw new ResourceExhaustedError(`Received message larger than max (after unpacking, ${maxBytes})`);
		}
		throw new InternalError(`cannot unpack the request: ${errorMessage(cause)}`, { cause });
	}
}
