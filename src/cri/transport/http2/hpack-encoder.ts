/**
 * Writes blocks of header fields, all of them so that the other end has nothing to remember and nothing to decode: what a
 * server says in them is short. Source: RFC 7541.
 */
import { type HeaderField, staticFields } from './hpack-table.ts';

/** A number whose first bits share a byte with `pattern`. */
function numberBytes(pattern: number, prefixBits: number, value: number): readonly number[] {
	const limit = (1 << prefixBits) - 1;
	if (value < limit) return [pattern | value];
	const bytes = [pattern | limit];
	let rest = value - limit;
	for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push(0x80 | (rest & 0x7f));
	bytes.push(rest);
	return bytes;
}

function stringBytes(text: string): Buffer {
	const bytes = Buffer.from(text, 'latin1');
	return Buffer.concat([Buffer.from(numberBytes(0, 7, bytes.length)), bytes]);
}

/** @param fields names in lower case, values with one character a byte */
export function encodeHeaders(fields: readonly HeaderField[]): Buffer {
	return Buffer.concat(
		fields.map(([name, value]) => {
			const whole = staticFields.findIndex((field) => field[0] === name && field[1] === value) + 1;
			if (whole > 0) return Buffer.from(numberBytes(0x80, 7, whole));
			const index = staticFields.findIndex((field) => field[0] === name) + 1;
			return Buffer.concat([
				Buffer.from(numberBytes(0, 4, index)),
				...(index > 0 ? [] : [stringBytes(name)]),
				stringBytes(value),
			]);
		}),
	);
}
