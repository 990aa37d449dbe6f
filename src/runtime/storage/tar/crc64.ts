/** By the low four bits of the high half: what they become in the low half, 31, 29 and 28 places up. */
const outOfHigh = Int32Array.from({ length: 16 }, (_, bits) => (bits << 31) ^ (bits << 29) ^ (bits << 28));
/** By the low four bits of the low half: what comes back of them by the polynomial. */
const outOfLow = outOfHigh.map((out) => out ^ (out >>> 1) ^ (out >>> 3) ^ (out >>> 4));

/**
 * CRC-64/ISO, by which tar-split knows the contents of files: polynomial x^64+x^4+x^3+x+1, reflected, all ones before and
 * after. So few terms need no table of bytes: eight at a time are four shifts of the whole register, and what four bits that
 * fall out bring back. Source: ISO 3309; Go's hash/crc64, ISO.
 */
export class Crc64 {
	#low = -1;
	#high = -1;

	/** Starts anew. */
	reset(): void {
		this.#low = -1;
		this.#high = -1;
	}

	/**
	 * Takes in bytes `start` to `end` of a chunk.
	 * @param words the same memory as little-endian 32-bit words; word i lies at byte 4i
	 */
	update(bytes: Uint8Array, words: Int32Array, start: number, end: number): void {
		let at = start;
		while (at < end && (at & 3) !== 0) this.#byte(bytes[at++]!);
		let low = this.#low;
		let high = this.#high;
		const lastWord = at + ((end - at) & ~7);
		for (let word = at >> 2; word < lastWord >> 2; word += 2) {
			low ^= words[word]!;
			high ^= words[word + 1]!;
			const fallenOut = outOfLow[low & 15]!;
			low ^= (low >>> 1) ^ (low >>> 3) ^ (low >>> 4) ^ outOfHigh[high & 15]!;
			high ^= (high >>> 1) ^ (high >>> 3) ^ (high >>> 4) ^ fallenOut;
		}
		this.#low = low;
		this.#high = high;
		for (at = Math.max(at, lastWord); at < end; at++) this.#byte(bytes[at]!);
	}

	/** Eight bytes, big endian. */
	digest(): Buffer {
		const bytes = Buffer.alloc(8);
		bytes.writeInt32BE(~this.#high, 0);
		bytes.writeInt32BE(~this.#low, 4);
		return bytes;
	}

	#byte(byte: number): void {
		let low = this.#low ^ byte;
		let high = this.#high;
		for (let bit = 0; bit < 8; bit++) {
			const carry = low & 1;
			low = (low >>> 1) | (high << 31);
			high >>>= 1;
			if (carry !== 0) high ^= 0xd8000000;
		}
		this.#low = low;
		this.#high = high;
	}
}

/** The view of a chunk that {@link Crc64.update} wants; a chunk that lies askew in its memory is copied. */
export function wordsOf(chunk: Buffer): { readonly bytes: Buffer; readonly words: Int32Array } {
	let bytes = chunk;
	if ((chunk.byteOffset & 3) !== 0) {
		bytes = Buffer.allocUnsafeSlow(chunk.length);
		chunk.copy(bytes);
	}
	return { bytes, words: new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length >> 2) };
}
