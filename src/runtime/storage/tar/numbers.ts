/** The numbers of tar headers. Source: POSIX pax, ustar interchange format; GNU tar manual, "Extensions" (base-256). */
import type { ByteString } from './byte-string.ts';
import { TarFormatError } from './tar-error.ts';

/**
 * A numeric field: octal digits between blanks and NULs, or GNU's base-256 (two's complement, first bit set).
 * @throws TarFormatError for other characters, or a number that 53 bits cannot hold
 */
export function numericField(block: Uint8Array, offset: number, length: number): number {
	return (block[offset]! & 0x80) !== 0
		? base256Field(block, offset, length)
		: octalField(block, offset, length);
}

function octalField(block: Uint8Array, offset: number, length: number): number {
	let start = offset;
	let end = offset + length;
	while (start < end && isBlank(block[start]!)) start++;
	let value = 0;
	for (; start < end; start++) {
		const byte = block[start]!;
		// A NUL ends it; what stands behind it belongs to nobody.
		if (byte === 0) break;
		if (byte === 0x20) {
			while (end > start && isBlank(block[end - 1]!)) end--;
			if (end > start) throw new TarFormatError('its header holds a blank within a number');
			break;
		}
		if (byte < 0x30 || byte > 0x37) throw new TarFormatError('its header holds a number that is not octal');
		value = value * 8 + (byte - 0x30);
	}
	return safe(value);
}

function base256Field(block: Uint8Array, offset: number, length: number): number {
	const negative = (block[offset]! & 0x40) !== 0;
	const inverted = negative ? 0xff : 0;
	let value = 0;
	for (let index = 0; index < length; index++) {
		const byte = (block[offset + index]! ^ inverted) & (index === 0 ? 0x7f : 0xff);
		value = value * 256 + byte;
	}
	// Of a negative number the complement was read: -a-1 == ^a.
	return safe(negative ? -value - 1 : value);
}

/**
 * A decimal number of a PAX record.
 * @throws TarFormatError where it is none, or 53 bits cannot hold it
 */
export function decimalField(text: ByteString, key: string): number {
	if (!/^-?[0-9]{1,20}$/.test(text)) throw new TarFormatError(`its extended header "${key}" is not a number`);
	return safe(Number(text));
}

/** Seconds with a fraction, as PAX has them; `nanos` counts from `seconds` upwards, also before 1970. */
export function paxTime(text: ByteString, key: string): { seconds: number; nanos: number } {
	const match = /^(-?)([0-9]{1,16})(?:\.([0-9]*))?$/.exec(text);
	if (match === null) throw new TarFormatError(`its extended header "${key}" is not a time`);
	const seconds = safe(Number(match[2]));
	const nanos = Number((match[3] ?? '').slice(0, 9).padEnd(9, '0'));
	if (match[1] === '') return { seconds, nanos };
	return nanos === 0 ? { seconds: 0 - seconds, nanos } : { seconds: -seconds - 1, nanos: 1e9 - nanos };
}

function isBlank(byte: number): boolean {
	return byte === 0x20 || byte === 0;
}

function safe(value: number): number {
	if (!Number.isSafeInteger(value)) throw new TarFormatError('its header holds a number that is too large');
	return value;
}
