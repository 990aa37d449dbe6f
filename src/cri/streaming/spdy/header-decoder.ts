import { constants, inflateRawSync } from 'node:zlib';
import { spdyDictionary } from './dictionary.ts';

/** Bytes of the zlib header and the dictionary's checksum, in front of the first block only. */
const preambleBytes = 6;
/** How far back a compressed block may point. Source: RFC 1951 §2 */
const windowBytes = 32 * 1024;
/** Far above what any client sends (some sixty bytes); a small block can inflate to a thousand times its size. */
const maxInflatedBytes = 64 * 1024;

/** Reads the header blocks of one connection's receiving direction, in order. Names are in lower case. */
export type HeaderBlockDecoder = (block: Uint8Array) => ReadonlyMap<string, string>;

/**
 * A decoder for a new connection. SPDY wants one continuous zlib stream per direction; every sender flushes it to a whole
 * byte behind each block, so all that one block takes over from those before is the window. That lets each be inflated
 * at once, in order, with no native inflater to keep and close.
 * The returned function throws an Error for a block that is none; the connection is of no use after that.
 * Source: SPDY protocol draft 3, §2.6.10; RFC 1950 §2.2.
 */
export function createHeaderBlockDecoder(): HeaderBlockDecoder {
	let window = spdyDictionary;
	let first = true;
	return (block) => {
		if (first) checkPreamble(block);
		const pairs = inflateRawSync(first ? block.subarray(preambleBytes) : block, {
			dictionary: window,
			finishFlush: constants.Z_SYNC_FLUSH,
			maxOutputLength: maxInflatedBytes,
		});
		first = false;
		window = Buffer.concat([window, pairs]).subarray(-windowBytes);
		return decodePairs(pairs);
	};
}

function checkPreamble(block: Uint8Array): void {
	const [method = 0, flags = 0] = block;
	const isZlib = block.length >= preambleBytes && (method & 0x0f) === 8 && (method * 256 + flags) % 31 === 0;
	const checksum = Buffer.from(block.subarray(2, preambleBytes)).toString('hex');
	if (!isZlib || (flags & 0x20) === 0 || checksum !== 'e3c6a7c2') {
		throw new Error("the other side sent a header block that is not compressed with SPDY/3's dictionary");
	}
}

function decodePairs(bytes: Buffer): ReadonlyMap<string, string> {
	const headers = new Map<string, string>();
	let offset = 4;
	const next = (): string => {
		const end = offset + 4 + bytes.readUInt32BE(offset);
		if (end > bytes.length) throw new Error('the other side sent a header block that is cut off');
		const text = bytes.toString('utf8', offset + 4, end);
		offset = end;
		return text;
	};
	for (let count = bytes.readUInt32BE(0); count > 0; count--) {
		const name = next().toLowerCase();
		headers.set(name, next());
	}
	return headers;
}
