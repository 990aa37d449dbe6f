/** The frames of HTTP/2, as bytes. Source: RFC 9113 sections 4, 6 and 7. */

/** What a frame is. */
export const frameTypes = {
	data: 0,
	headers: 1,
	priority: 2,
	reset: 3,
	settings: 4,
	pushPromise: 5,
	ping: 6,
	goAway: 7,
	windowUpdate: 8,
	continuation: 9,
} as const;

/** Bits of a frame's flags; what a bit means depends on the type. */
export const frameFlags = { endStream: 0x1, ack: 0x1, endHeaders: 0x4, padded: 0x8, priority: 0x20 } as const;

/** Why a stream or a connection ends. */
export const errorCodes = {
	none: 0,
	protocol: 1,
	internal: 2,
	flowControl: 3,
	streamClosed: 5,
	frameSize: 6,
	refused: 7,
	cancel: 8,
	compression: 9,
	enhanceYourCalm: 11,
} as const;

/** Numbers of the settings that somebody here acts on. */
export const settingIds = {
	headerTableSize: 1,
	enablePush: 2,
	maxConcurrentStreams: 3,
	initialWindowSize: 4,
	maxFrameSize: 5,
	maxHeaderListSize: 6,
} as const;

/** What every client says first. */
export const clientPreface = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';

/** Bytes of a frame before its payload. */
export const frameHeadBytes = 9;

/** A window before anybody says otherwise, in bytes; so is that of a connection. */
export const firstWindowBytes = 65_535;

/** No window may grow beyond it. */
export const largestWindowBytes = 2 ** 31 - 1;

/** Largest payload before anybody allows more, in bytes. */
export const usualPayloadBytes = 16_384;

/** Largest payload that a frame's head can say, in bytes. */
export const largestPayloadBytes = 2 ** 24 - 1;

/** Writes a frame's head at an offset. @returns the offset behind it */
export function writeFrameHead(
	into: Buffer,
	offset: number,
	length: number,
	type: number,
	flags: number,
	stream: number,
): number {
	into[offset] = length >>> 16;
	into[offset + 1] = length >>> 8;
	into[offset + 2] = length;
	into[offset + 3] = type;
	into[offset + 4] = flags;
	into.writeUInt32BE(stream, offset + 5);
	return offset + frameHeadBytes;
}

/** One whole frame. */
export function frame(type: number, flags: number, stream: number, payload: Uint8Array): Buffer {
	const bytes = Buffer.allocUnsafe(frameHeadBytes + payload.length);
	bytes.set(payload, writeFrameHead(bytes, 0, payload.length, type, flags, stream));
	return bytes;
}

/** A number as four bytes. */
export function uint32(value: number): Buffer {
	const bytes = Buffer.allocUnsafe(4);
	bytes.writeUInt32BE(value);
	return bytes;
}

/** A SETTINGS frame of pairs of number and value. */
export function settingsFrame(settings: readonly (readonly [id: number, value: number])[]): Buffer {
	const payload = Buffer.allocUnsafe(6 * settings.length);
	for (const [index, [id, value]] of settings.entries()) {
		payload.writeUInt16BE(id, 6 * index);
		payload.writeUInt32BE(value, 6 * index + 2);
	}
	return frame(frameTypes.settings, 0, 0, payload);
}

/** Lets the other end send so many bytes more, on a stream, or on all of them together (0). */
export function windowUpdateFrame(stream: number, bytes: number): Buffer {
	return frame(frameTypes.windowUpdate, 0, stream, uint32(bytes));
}

/** Ends one stream. */
export function resetFrame(stream: number, code: number): Buffer {
	return frame(frameTypes.reset, 0, stream, uint32(code));
}

/** Says that no stream after `lastStream` was or will be looked at. */
export function goAwayFrame(lastStream: number, code: number, words = ''): Buffer {
	return frame(
		frameTypes.goAway,
		0,
		0,
		Buffer.concat([uint32(lastStream), uint32(code), Buffer.from(words)]),
	);
}
