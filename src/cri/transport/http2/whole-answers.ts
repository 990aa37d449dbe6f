/** Answers of one small message that went well, which are nearly all: the same bytes around each message. */
import { answerHeaders, statusHeaders } from './call-headers.ts';
import { frameFlags, frameHeadBytes, frameTypes, usualPayloadBytes, writeFrameHead } from './frames.ts';
import { messageHeadBytes } from './message-head.ts';

/** Of a server. One is enough for all connections: what is put together is written at once. */
export type WholeAnswers = {
	/** Where it is put together. */
	readonly bytes: Buffer;
	/** Longest message, in bytes. */
	readonly largest: number;
	/** Puts an answer together at the beginning of `bytes`. @returns its length */
	fill(stream: number, message: Buffer): number;
};

/** Makes room for them. */
export function createWholeAnswers(): WholeAnswers {
	const head = answerHeaders();
	const end = statusHeaders(0, '', false);
	const dataAt = frameHeadBytes + head.length;
	const messageAt = dataAt + frameHeadBytes + messageHeadBytes;
	const endBytes = frameHeadBytes + end.length;
	const largest = usualPayloadBytes - messageHeadBytes;
	const bytes = Buffer.alloc(messageAt + largest + endBytes);
	writeFrameHead(bytes, 0, head.length, frameTypes.headers, frameFlags.endHeaders, 0);
	head.copy(bytes, frameHeadBytes);
	return {
		bytes,
		largest,
		fill(stream, message) {
			const { length } = message;
			bytes.writeUInt32BE(stream, 5);
			writeFrameHead(bytes, dataAt, messageHeadBytes + length, frameTypes.data, 0, stream);
			bytes.writeUInt32BE(length, messageAt - 4);
			bytes.set(message, messageAt);
			const endAt = messageAt + length;
			const flags = frameFlags.endHeaders | frameFlags.endStream;
			bytes.set(end, writeFrameHead(bytes, endAt, end.length, frameTypes.headers, flags, stream));
			return endAt + endBytes;
		},
	};
}
