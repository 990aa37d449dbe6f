/** Finds the items of a repeated message field in an encoded answer, without decoding them. */

/**
 * Cuts an encoded message into the encoded items of one of its fields, in order. Other fields are skipped.
 * The pieces are views of `bytes`.
 * Source: protobuf.dev/programming-guides/encoding.
 * @throws RangeError where the bytes are no message.
 */
export function splitItems(bytes: Uint8Array, fieldNumber: number): readonly Uint8Array[] {
	const items: Uint8Array[] = [];
	let offset = 0;
	const varint = (): number => {
		let value = 0;
		// Lengths and tags fit 32 bits; a longer one ends past the buffer or is wrong anyway.
		for (let factor = 1; factor <= 2 ** 63; factor *= 128) {
			const byte = bytes[offset++];
			if (byte === undefined) break;
			value += (byte & 0x7f) * factor;
			if (byte < 0x80) return value;
		}
		throw new RangeError(`the answer is cut off at byte ${bytes.length}`);
	};
	while (offset < bytes.length) {
		const tag = varint();
		const wireType = tag % 8;
		let length = 0;
		if (wireType === 0) varint();
		else if (wireType === 1) length = 8;
		else if (wireType === 2) length = varint();
		else if (wireType === 5) length = 4;
		else throw new RangeError(`the answer has wire type ${wireType} at byte ${offset}`);
		const end = offset + length;
		if (end > bytes.length) throw new RangeError(`the answer is cut off at byte ${bytes.length}`);
		if (wireType === 2 && Math.floor(tag / 8) === fieldNumber) items.push(bytes.subarray(offset, end));
		offset = end;
	}
	return items;
}
