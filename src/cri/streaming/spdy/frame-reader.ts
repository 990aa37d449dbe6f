import { flagFin, frameHeaderBytes } from './frames.ts';

/** Larger control frames than anybody sends; the length field would allow 16 MiB. */
const maxControlBytes = 1 << 20;

/** What a reader finds, in the order of the wire. */
export type FrameHandlers = {
	/** A piece of a data frame; `fin` is true on the last piece of the stream, which may be empty. */
	readonly onData: (streamId: number, bytes: Buffer, fin: boolean) => void;
	/** A whole control frame. */
	readonly onControl: (type: number, flags: number, payload: Buffer) => void;
};

/**
 * Takes the bytes of a connection apart, however they were cut. Data is passed on as it comes, never
 * collected, so a frame of any size costs no memory; the pieces are views into the given chunks.
 * The returned function throws an Error for a control frame of another version or of more than 1 MiB: the
 * connection is of no use after that.
 * Source: SPDY protocol draft 3.1, §2.2.
 */
export function createFrameReader(handlers: FrameHandlers): (chunk: Buffer) => void {
	const header = Buffer.alloc(frameHeaderBytes);
	let headerHave = 0;
	let remaining = 0;
	let control: Buffer[] | undefined;

	const beginFrame = () => {
		remaining = header.readUIntBE(5, 3);
		control = undefined;
		if (header.readUInt8(0) < 0x80) {
			// A data frame without payload has no piece to come, and still may end its stream.
			if (remaining === 0) deliverData(Buffer.alloc(0));
			return;
		}
		const version = header.readUInt16BE(0) & 0x7fff;
		if (version !== 3) throw new Error(`the other side sent a SPDY frame of version ${version}, not 3`);
		if (remaining > maxControlBytes)
			throw new Error(`the other side sent a control frame of ${remaining} bytes`);
		control = [];
		if (remaining === 0) deliverControl();
	};
	const deliverData = (bytes: Buffer) => {
		const fin = remaining === 0 && (header.readUInt8(4) & flagFin) !== 0;
		handlers.onData(header.readUInt32BE(0), bytes, fin);
	};
	const deliverControl = () => {
		const payload = Buffer.concat(control ?? []);
		control = undefined;
		handlers.onControl(header.readUInt16BE(2), header.readUInt8(4), payload);
	};

	return (chunk) => {
		let offset = 0;
		while (offset < chunk.length) {
			if (remaining === 0) {
				const take = Math.min(frameHeaderBytes - headerHave, chunk.length - offset);
				chunk.copy(header, headerHave, offset, offset + take);
				headerHave += take;
				offset += take;
				if (headerHave < frameHeaderBytes) return;
				headerHave = 0;
				beginFrame();
				continue;
			}
			const piece = chunk.subarray(offset, offset + remaining);
			offset += piece.length;
			remaining -= piece.length;
			if (control === undefined) deliverData(piece);
			else {
				control.push(piece);
				if (remaining === 0) deliverControl();
			}
		}
	};
}
