/** Reads blocks of header fields. Source: RFC 7541. */
import { errorCodes } from './frames.ts';
import { type HeaderField, staticFields } from './hpack-table.ts';
import { Http2ConnectionError } from './http2-error.ts';

/** How much a decoder takes. */
export type HpackLimits = {
	/** What the other end may have us remember; 4096 unless SETTINGS say otherwise. */
	readonly maxTableBytes: number;
	/** All fields of one block, each with what it costs in a table. */
	readonly maxListBytes: number;
	/** From huffman.ts. */
	readonly huffman: (bytes: Buffer) => string;
	/** Told when the same block would no longer mean the same. */
	readonly onChange?: (() => void) | undefined;
};

/** What a field costs besides its two strings. Source: section 4.1 */
const fieldOverheadBytes = 32;

function sizeOf([name, value]: HeaderField): number {
	return name.length + value.length + fieldOverheadBytes;
}

function fail(cause: string): never {
	throw new Http2ConnectionError(errorCodes.compression, cause);
}

/**
 * A decoder for one connection, which remembers fields from block to block.
 * @returns what takes a whole block
 * @throws Http2ConnectionError (from what is returned): the connection cannot go on, since the two ends no longer
 * remember the same
 */
export function createHpackDecoder(limits: HpackLimits): (block: Buffer) => readonly HeaderField[] {
	const { maxTableBytes, maxListBytes, huffman, onChange } = limits;
	/** Oldest first. */
	const remembered: HeaderField[] = [];
	let rememberedBytes = 0;
	let allowedBytes = maxTableBytes;
	let block: Buffer = Buffer.alloc(0);
	let offset = 0;

	/** Makes room. */
	function forget(bytes: number): void {
		while (rememberedBytes > bytes) {
			const oldest = remembered.shift();
			if (oldest === undefined) return;
			rememberedBytes -= sizeOf(oldest);
		}
	}

	function remember(field: HeaderField): void {
		onChange?.();
		const size = sizeOf(field);
		// One that fits not at all empties the table, and that is no error.
		forget(Math.max(0, allowedBytes - size));
		if (size > allowedBytes) return;
		remembered.push(field);
		rememberedBytes += size;
	}

	/** A number whose first bits share a byte with something else. */
	function readNumber(prefixBits: number): number {
		const limit = (1 << prefixBits) - 1;
		if (offset >= block.length) fail('a block that is cut off');
		let value = (block[offset] as number) & limit;
		offset += 1;
		if (value < limit) return value;
		// Four more bytes say more than any length or index here can be.
		for (let shift = 0; shift < 28; shift += 7) {
			if (offset >= block.length) fail('a block that is cut off');
			const byte = block[offset] as number;
			offset += 1;
			value += (byte & 0x7f) * 2 ** shift;
			if (byte < 0x80) return value;
		}
		return fail('a number that is too long');
	}

	function readString(): string {
		const coded = ((block[offset] ?? 0) & 0x80) !== 0;
		const length = readNumber(7);
		const end = offset + length;
		if (end > block.length) fail('a string that is cut off');
		// Nobody may make us decode what we would not keep.
		if (length > maxListBytes) tooMuch();
		const text = coded ? huffman(block.subarray(offset, end)) : block.toString('latin1', offset, end);
		offset = end;
		return text;
	}

	function fieldAt(index: number): HeaderField {
		const field =
			index <= staticFields.length
				? staticFields[index - 1]
				: remembered[remembered.length - (index - staticFields.length)];
		return field ?? fail(`no field ${index}`);
	}

	function readLiteral(prefixBits: number): HeaderField {
		const index = readNumber(prefixBits);
		return [index === 0 ? readString() : fieldAt(index)[0], readString()];
	}

	return (bytes) => {
		block = bytes;
		offset = 0;
		const fields: HeaderField[] = [];
		let listBytes = 0;
		while (offset < block.length) {
			const first = block[offset] as number;
			let field: HeaderField;
			if (first >= 0x80) field = fieldAt(readNumber(7));
			else if (first >= 0x40) {
				field = readLiteral(6);
				remember(field);
			} else if (first >= 0x20) {
				const size = readNumber(5);
				if (fields.length > 0) fail('a table size after a field');
				if (size > maxTableBytes) fail(`a table of ${size} bytes`);
				onChange?.();
				allowedBytes = size;
				forget(size);
				continue;
			} else field = readLiteral(4);
			listBytes += sizeOf(field);
			if (listBytes > maxListBytes) tooMuch();
			fields.push(field);
		}
		return fields;
	};
}

function tooMuch(): never {
	throw new Http2ConnectionError(errorCodes.enhanceYourCalm, 'more header fields than anybody needs');
}
