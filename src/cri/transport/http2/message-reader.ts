/** Puts gRPC's messages together from pieces of a stream. Source: gRPC over HTTP/2, "Length-Prefixed-Message". */
import { InternalError, ResourceExhaustedError } from '../../errors.ts';
import { messageHeadBytes } from './message-head.ts';

/** A message as it came. */
export type ReceivedMessage = { readonly compressed: boolean; readonly bytes: Buffer };

/** Of one stream. */
export type MessageReader = {
	/**
	 * @throws ResourceExhaustedError for a message over the limit, before it is collected
	 * @throws InternalError where the bytes are no message
	 */
	feed(piece: Buffer): void;
	/** Between two messages. */
	atBoundary(): boolean;
};

/** What a message that comes in pieces is given at first; the room doubles as pieces really come. */
const firstRoomBytes = 64 * 1024;

/** @param maxBytes largest message, as it came */
export function createMessageReader(
	maxBytes: number,
	onMessage: (message: ReceivedMessage) => void,
): MessageReader {
	const head = Buffer.allocUnsafe(messageHeadBytes);
	let headBytes = 0;
	let compressed = false;
	/** Of the message whose head was read. */
	let length = 0;
	let body: Buffer | undefined;
	let bodyBytes = 0;

	function finish(bytes: Buffer): void {
		headBytes = 0;
		body = undefined;
		bodyBytes = 0;
		onMessage({ compressed, bytes });
	}

	/** Room for so many bytes, at most twice of what is there: what a head promises may never come. */
	function roomFor(bytes: number): Buffer {
		if (body !== undefined && body.length >= bytes) return body;
		const room = Buffer.allocUnsafe(Math.min(length, Math.max(firstRoomBytes, 2 * bytes)));
		body?.copy(room, 0, 0, bodyBytes);
		body = room;
		return room;
	}

	return {
		atBoundary: () => headBytes === 0,
		feed(piece) {
			let offset = 0;
			while (offset < piece.length) {
				if (headBytes < messageHeadBytes) {
					const taken = piece.copy(head, headBytes, offset, offset + messageHeadBytes - headBytes);
					headBytes += taken;
					offset += taken;
					if (headBytes < messageHeadBytes) return;
					const flag = head[0] as number;
					if (flag > 1) throw new InternalError(`a message with flags ${flag}`);
					compressed = flag === 1;
					length = head.readUInt32BE(1);
					if (length > maxBytes) {
						throw new ResourceExhaustedError(`Received message larger than max (${length} vs ${maxBytes})`);
					}
				}
				const end = offset + length - bodyBytes;
				// What was read is gone when the next piece comes.
				if (bodyBytes === 0 && end <= piece.length) finish(Buffer.from(piece.subarray(offset, end)));
				else {
					const taken = Math.min(end, piece.length) - offset;
					const room = roomFor(bodyBytes + taken);
					piece.copy(room, bodyBytes, offset, offset + taken);
					bodyBytes += taken;
					if (bodyBytes < length) return;
					finish(room);
				}
				offset = end;
			}
		},
	};
}
