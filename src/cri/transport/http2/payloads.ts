/** What is inside some frames. Source: RFC 9113 section 6. */
import { errorCodes, frameFlags } from './frames.ts';
import { Http2ConnectionError, Http2StreamError } from './http2-error.ts';

/** Length and priority of a frame that may carry them. */
const priorityBytes = 5;
const settingBytes = 6;

/** @returns the payload without its padding. @throws Http2ConnectionError where that is longer than all of it */
export function withoutPadding(flags: number, payload: Buffer): Buffer {
	if ((flags & frameFlags.padded) === 0) return payload;
	const end = payload.length - (payload[0] ?? 0);
	if (payload.length === 0 || end < 1) {
		throw new Http2ConnectionError(errorCodes.protocol, 'a padding longer than its frame');
	}
	return payload.subarray(1, end);
}

/** @returns the header fields' piece of a HEADERS frame; its priority is nothing to us. */
export function headerPiece(flags: number, payload: Buffer): Buffer {
	const inner = withoutPadding(flags, payload);
	if ((flags & frameFlags.priority) === 0) return inner;
	if (inner.length < priorityBytes) {
		throw new Http2ConnectionError(errorCodes.frameSize, 'a priority that is cut off');
	}
	return inner.subarray(priorityBytes);
}

/** The pairs of a SETTINGS frame. @throws Http2ConnectionError */
export function readSettings(payload: Buffer): readonly (readonly [id: number, value: number])[] {
	if (payload.length % settingBytes !== 0) {
		throw new Http2ConnectionError(errorCodes.frameSize, 'settings that are cut off');
	}
	return Array.from({ length: payload.length / settingBytes }, (_, index) => {
		const offset = index * settingBytes;
		return [payload.readUInt16BE(offset), payload.readUInt32BE(offset + 2)] as const;
	});
}

/** How much a WINDOW_UPDATE allows. @throws Http2ConnectionError, Http2StreamError */
export function readIncrement(stream: number, payload: Buffer): number {
	if (payload.length !== 4) throw new Http2ConnectionError(errorCodes.frameSize, 'a window that is cut off');
	const bytes = payload.readUInt32BE(0) & 0x7fffffff;
	if (bytes > 0) return bytes;
	if (stream === 0) throw new Http2ConnectionError(errorCodes.protocol, 'a window that does not grow');
	throw new Http2StreamError(errorCodes.protocol, 'a window that does not grow');
}
