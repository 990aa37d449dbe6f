/**
 * Finds the items of a list in an encoded answer without decoding them.
 * Source: protobuf.dev/programming-guides/encoding.
 */

/** Where one item lies in the answer. */
export type ItemRange = { readonly start: number; readonly end: number };

/** Told of each field of a message: where its tag starts, where its value starts and where it ends. */
export type FieldVisitor = (
	fieldNumber: number,
	wireType: number,
	start: number,
	valueStart: number,
	end: number,
) => void;

/** @throws RangeError where the bytes from start to end are no message. */
export function visitFields(bytes: Uint8Array, from: number, to: number, visit: FieldVisitor): void {
	let offset = from;
	const varint = (): number => {
		let value = 0;
		// Lengths and tags fit 32 bits; a longer one ends past the buffer or is wrong anyway.
		for (let factor = 1; offset < to && factor <= 2 ** 63; factor *= 128) {
			const byte = bytes[offset++] ?? 0;
			value += (byte & 0x7f) * factor;
			if (byte < 0x80) return value;
		}
		throw new RangeError(`it is cut off at byte ${to}`);
	};
	while (offset < to) {
		const start = offset;
		const tag = varint();
		const wireType = tag % 8;
		let length = 0;
		if (wireType === 0) varint();
		else if (wireType === 1) length = 8;
		else if (wireType === 2) length = varint();
		else if (wireType === 5) length = 4;
		else throw new RangeError(`it has wire type ${wireType} at byte ${start}`);
		if (offset + length > to) throw new RangeError(`it is cut off at byte ${to}`);
		visit(Math.floor(tag / 8), wireType, start, offset, offset + length);
		offset += length;
	}
}

/**
 * Finds the items of a repeated message field, in order. Other fields are skipped.
 * @throws RangeError where the bytes are no message.
 */
export function splitItems(bytes: Uint8Array, fieldNumber: number): readonly ItemRange[] {
	const items: ItemRange[] = [];
	visitFields(bytes, 0, bytes.length, (field, wireType, _start, valueStart, end) => {
		if (field === fieldNumber && wireType === 2) items.push({ start: valueStart, end });
	});
	return items;
}

/**
 * A text that two items share only where they say the same. Runtimes written in Go shuffle the entries of
 * maps (labels, annotations) at every answer, so the entries are sorted here; all else stays as it came.
 * @param mapFields numbers of the item's own fields that are maps.
 * @throws RangeError where the bytes are no message.
 */
export function itemKey(bytes: Buffer, item: ItemRange, mapFields: ReadonlySet<number>): string {
	// One character a byte: the cheapest faithful text. Fields carry their lengths, so joining loses nothing.
	let plain = '';
	let plainStart = item.start;
	const entries: string[] = [];
	visitFields(bytes, item.start, item.end, (field, _wireType, start, _valueStart, end) => {
		if (!mapFields.has(field)) return;
		if (plainStart < start) plain += bytes.toString('latin1', plainStart, start);
		entries.push(bytes.toString('latin1', start, end));
		plainStart = end;
	});
	if (plainStart < item.end) plain += bytes.toString('latin1', plainStart, item.end);
	return plain + entries.sort().join('');
}
