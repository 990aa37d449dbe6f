/** Strings of HPACK that are Huffman-coded. We read them and write none. Source: RFC 7541 section 5.2 and appendix B. */
import { errorCodes } from './frames.ts';
import { Http2ConnectionError } from './http2-error.ts';

/**
 * Bits of each byte's code, for 0 to 255. The code is canonical: codes of one length follow each other in the order of
 * their bytes, so that lengths say all. The 257th, the end of a string, is all ones, and must not occur.
 */
// biome-ignore format: sixteen a row, as bytes are written
const bitsOfByte = [
	13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28,
	28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 28,
	6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6,
	5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10,
	13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,
	7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6,
	15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5,
	6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28,
	20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23,
	24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24,
	22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23,
	21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23,
	26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25,
	19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27,
	20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23,
	26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26,
] as const;

const longestBits = 30;
/** Fewer bits than that may follow the last code, all of them ones. */
const paddingBits = 8;

/** Strings that come with every call, such as its path, are decoded once; so many of them, up to so many bytes. */
const rememberedStrings = 256;
const rememberedBytes = 128;

/** @returns what decodes. One is enough for all connections. Its result has one character a byte. */
export function createHuffmanDecoder(): (bytes: Buffer) => string {
	/** By length: how many codes there are, the first of them, and where its byte stands in `symbols`. */
	const counts = new Uint16Array(longestBits + 1);
	for (const bits of bitsOfByte) counts[bits] = (counts[bits] ?? 0) + 1;
	const firstCodes: number[] = [];
	const firstPlaces: number[] = [];
	let code = 0;
	let place = 0;
	for (let bits = 0; bits <= longestBits; bits += 1) {
		code *= 2;
		firstCodes[bits] = code;
		firstPlaces[bits] = place;
		code += counts[bits] ?? 0;
		place += counts[bits] ?? 0;
	}
	const symbols = [...bitsOfByte.keys()].sort(
		(one, other) => (bitsOfByte[one] as number) - (bitsOfByte[other] as number) || one - other,
	);
	const known = new Map<string, string>();

	function decode(bytes: Buffer): string {
		let text = '';
		let prefix = 0;
		let bits = 0;
		for (const byte of bytes) {
			for (let shift = 7; shift >= 0; shift -= 1) {
				prefix = prefix * 2 + ((byte >> shift) & 1);
				bits += 1;
				const index = prefix - (firstCodes[bits] as number);
				if (index >= 0 && index < (counts[bits] as number)) {
					text += String.fromCharCode(symbols[(firstPlaces[bits] as number) + index] as number);
					prefix = 0;
					bits = 0;
				} else if (bits === longestBits) {
					throw new Http2ConnectionError(errorCodes.compression, 'a string with its end inside');
				}
			}
		}
		if (bits >= paddingBits || prefix !== 2 ** bits - 1) {
			throw new Http2ConnectionError(errorCodes.compression, 'a string that ends within a character');
		}
		return text;
	}

	return (bytes) => {
		if (bytes.length > rememberedBytes) return decode(bytes);
		const key = bytes.toString('latin1');
		const before = known.get(key);
		if (before !== undefined) return before;
		const text = decode(bytes);
		if (known.size >= rememberedStrings) known.clear();
		known.set(key, text);
		return text;
	};
}
