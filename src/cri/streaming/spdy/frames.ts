/** Numbers of SPDY/3.1's control frames. Source: SPDY protocol draft 3.1, §2.6. */
export const controlType = {
	synStream: 1,
	synReply: 2,
	rstStream: 3,
	settings: 4,
	ping: 6,
	goAway: 7,
	headers: 8,
	windowUpdate: 9,
} as const;

/** Why a stream is reset. Source: SPDY protocol draft 3.1, §2.4.2. */
export const resetStatus = { protocolError: 1, refusedStream: 3, cancel: 5 } as const;

/** Set on the last frame that one side sends on a stream. */
export const flagFin = 0x01;

/** Bytes before the payload of every frame. */
export const frameHeaderBytes = 8;

const version = 0x8003;

/** A control frame around a payload that is ready. */
export function controlFrame(type: number, flags: number, payload: Uint8Array): Buffer {
	const frame = Buffer.alloc(frameHeaderBytes + payload.length);
	frame.writeUInt16BE(version, 0);
	frame.writeUInt16BE(type, 2);
	frame.writeUInt8(flags, 4);
	frame.writeUIntBE(payload.length, 5, 3);
	frame.set(payload, frameHeaderBytes);
	return frame;
}

/** Opens a stream of the highest priority, with no associated stream. */
export function synStreamFrame(streamId: number, headerBlock: Uint8Array): Buffer {
	const head = Buffer.alloc(10);
	head.writeUInt32BE(streamId, 0);
	return controlFrame(controlType.synStream, 0, Buffer.concat([head, headerBlock]));
}

/** Ends a stream in both directions at once. */
export function rstStreamFrame(streamId: number, status: number): Buffer {
	return controlFrame(controlType.rstStream, 0, twoWords(streamId, status));
}

/** Says that no more streams are taken; `lastStreamId` is the last one of the other side's that was. */
export function goAwayFrame(lastStreamId: number): Buffer {
	return controlFrame(controlType.goAway, 0, twoWords(lastStreamId, 0));
}

/** The eight bytes before a data frame's payload, to be written in front of it. */
export function dataFrameHeader(streamId: number, flags: number, payloadBytes: number): Buffer {
	const head = Buffer.alloc(frameHeaderBytes);
	head.writeUInt32BE(streamId & 0x7fffffff, 0);
	head.writeUInt8(flags, 4);
	head.writeUIntBE(payloadBytes, 5, 3);
	return head;
}

function twoWords(first: number, second: number): Buffer {
	const payload = Buffer.alloc(8);
	payload.writeUInt32BE(first, 0);
	payload.writeUInt32BE(second, 4);
	return payload;
}
