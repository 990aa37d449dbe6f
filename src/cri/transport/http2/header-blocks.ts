/** Header fields that come in several frames. */
import { errorCodes, frameFlags } from './frames.ts';
import { Http2ConnectionError } from './http2-error.ts';
import { maxHeaderBytes, maxHeaderFrames } from './limits.ts';

/** A block that is whole. */
export type HeaderBlock = { readonly stream: number; readonly ends: boolean; readonly bytes: Buffer };

/** Of one connection: no other frame may come between those of a block. */
export type HeaderBlocks = {
	/** A block is begun and not whole. */
	open(): boolean;
	/** @returns the block, where this frame makes it whole. @throws Http2ConnectionError */
	begin(flags: number, stream: number, piece: Buffer): HeaderBlock | undefined;
	continue(flags: number, stream: number, piece: Buffer): HeaderBlock | undefined;
};

/** Collects blocks, up to what limits.ts allows. */
export function createHeaderBlocks(): HeaderBlocks {
	let begun:
		| { readonly stream: number; readonly ends: boolean; readonly pieces: Buffer[]; bytes: number }
		| undefined;

	function add(flags: number, piece: Buffer): HeaderBlock | undefined {
		if (begun === undefined) return undefined;
		begun.pieces.push(piece);
		begun.bytes += piece.length;
		if (begun.bytes > maxHeaderBytes || begun.pieces.length > maxHeaderFrames) {
			throw new Http2ConnectionError(errorCodes.enhanceYourCalm, 'more header fields than anybody needs');
		}
		if ((flags & frameFlags.endHeaders) === 0) {
			// What was read is gone when the next piece comes.
			begun.pieces[begun.pieces.length - 1] = Buffer.from(piece);
			return undefined;
		}
		const { stream, ends, pieces, bytes } = begun;
		begun = undefined;
		return { stream, ends, bytes: pieces.length === 1 ? piece : Buffer.concat(pieces, bytes) };
	}

	return {
		open: () => begun !== undefined,
		begin(flags, stream, piece) {
			begun = { stream, ends: (flags & frameFlags.endStream) !== 0, pieces: [], bytes: 0 };
			return add(flags, piece);
		},
		continue(flags, stream, piece) {
			if (begun?.stream !== stream) {
				throw new Http2ConnectionError(errorCodes.protocol, 'a continuation of nothing');
			}
			return add(flags, piece);
		},
	};
}
