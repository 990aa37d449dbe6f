/**
 * First bytes of a compressed header stream: a zlib header with the preset-dictionary bit, and the checksum
 * of SPDY/3's dictionary, which a reader needs to find before it loads that dictionary.
 */
const zlibPreamble = Buffer.from([0x78, 0xbb, 0xe3, 0xc6, 0xa7, 0xc2]);
/** An empty stored block: what a sync flush leaves, and what makes a reader hand over all it has. */
const syncMarker = Buffer.from([0x00, 0x00, 0x00, 0xff, 0xff]);
const maxStoredBytes = 0xffff;

/**
 * Makes the header blocks of one connection's sending direction, in order.
 *
 * SPDY wants one continuous zlib stream per direction. The headers of a streaming client are some thirty
 * bytes, so they are sent in zlib's stored form: valid for every reader, made at once and in order, with no
 * native deflater to keep and close.
 * Source: SPDY protocol draft 3, §2.6.10; RFC 1950 §2.2; RFC 1951 §3.2.4.
 */
export type HeaderBlockEncoder = (headers: Readonly<Record<string, string>>) => Buffer;

/**
 * An encoder for a new connection. Names are sent in lower case, as SPDY demands.
 * @throws RangeError for headers of 64 KiB and more; the caller's are its own constants.
 */
export function createHeaderBlockEncoder(): HeaderBlockEncoder {
	let preamble = zlibPreamble;
	return (headers) => {
		const pairs = encodePairs(headers);
		if (pairs.length > maxStoredBytes) throw new RangeError(`header block of ${pairs.length} bytes`);
		const stored = Buffer.alloc(5);
		stored.writeUInt16LE(pairs.length, 1);
		stored.writeUInt16LE(pairs.length ^ 0xffff, 3);
		const block = Buffer.concat([preamble, stored, pairs, syncMarker]);
		preamble = Buffer.alloc(0);
		return block;
	};
}

function encodePairs(headers: Readonly<Record<string, string>>): Buffer {
	const entries = Object.entries(headers);
	const parts = [uint32(entries.length)];
	for (const [name, value] of entries) {
		for (const text of [name.toLowerCase(), value]) {
			const bytes = Buffer.from(text, 'utf8');
			parts.push(uint32(bytes.length), bytes);
		}
	}
	return Buffer.concat(parts);
}

function uint32(value: number): Buffer {
	const bytes = Buffer.alloc(4);
	bytes.writeUInt32BE(value);
	return bytes;
}
