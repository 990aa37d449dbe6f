/** Cuts what a socket brings into frames. */
import { errorCodes, frameHeadBytes } from './frames.ts';
import { Http2ConnectionError } from './http2-error.ts';

/** Told of each frame; the payload is a view of what was read, and may be gone when it returns. */
export type FrameListener = (type: number, flags: number, stream: number, payload: Buffer) => void;

/**
 * @returns what takes the bytes as they come, which are the caller's again afterwards. Keeps at most one frame that is not whole.
 * @throws Http2ConnectionError (from what is returned) for a payload over the limit, and whatever the listener throws;
 * it must not be called again then
 */
export function createFrameReader(
	maxPayloadBytes: number,
	onFrame: FrameListener,
): (chunk: Buffer, start?: number, end?: number) => void {
	/** The beginning of a frame whose rest has not come yet. */
	let partial: Buffer[] = [];
	let partialBytes = 0;
	/** How many bytes there must be before a look at them makes sense. */
	let wantedBytes = frameHeadBytes;
	return (chunk, start = 0, end = chunk.length) => {
		let bytes = chunk;
		let offset = start;
		let last = end;
		if (partialBytes > 0) {
			partial.push(Buffer.from(chunk.subarray(start, end)));
			partialBytes += end - start;
			if (partialBytes < wantedBytes) return;
			bytes = Buffer.concat(partial, partialBytes);
			offset = 0;
			last = partialBytes;
			partial = [];
			partialBytes = 0;
		}
		wantedBytes = frameHeadBytes;
		while (last - offset >= frameHeadBytes) {
			// By hand: this runs for every frame there is.
			const length =
				((bytes[offset] as number) << 16) |
				((bytes[offset + 1] as number) << 8) |
				(bytes[offset + 2] as number);
			if (length > maxPayloadBytes) {
				throw new Http2ConnectionError(errorCodes.frameSize, `a frame of ${length} bytes`);
			}
			wantedBytes = frameHeadBytes + length;
			if (last - offset < wantedBytes) break;
			const head = offset;
			offset += wantedBytes;
			wantedBytes = frameHeadBytes;
			onFrame(
				bytes[head + 3] as number,
				bytes[head + 4] as number,
				bytes.readUInt32BE(head + 5) & 0x7fffffff,
				bytes.subarray(head + frameHeadBytes, offset),
			);
		}
		if (offset === last) return;
		partial = [Buffer.from(bytes.subarray(offset, last))];
		partialBytes = last - offset;
	};
}
