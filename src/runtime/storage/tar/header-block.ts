/** The 512 bytes before an entry. Source: POSIX pax (ustar), GNU tar manual (tar.h), Go's archive/tar for old quirks. */
import type { ByteString } from './byte-string.ts';
import { numericField } from './numbers.ts';
import { TarFormatError } from './tar-error.ts';

export const blockBytes = 512;

/** What one block says, before extended headers change it. */
export type HeaderBlock = {
	/** The type as it stands, a character; `\0` for the oldest archives. */
	readonly typeFlag: string;
	readonly name: ByteString;
	readonly linkName: ByteString;
	/** Twelve bits. */
	readonly mode: number;
	readonly uid: number;
	readonly gid: number;
	/** Bytes that follow in the archive. */
	readonly sizeBytes: number;
	readonly mtimeSeconds: number;
	readonly major: number;
	readonly minor: number;
	/** In GNU's own format, where type S is a sparse file. */
	readonly gnu: boolean;
};

/** True where the block is all zeros: two of them end an archive. */
export function isZeroBlock(block: Uint8Array, offset: number): boolean {
	if (block[offset] !== 0) return false;
	for (let index = offset + 1; index < offset + blockBytes; index++) if (block[index] !== 0) return false;
	return true;
}

/**
 * Reads a header block.
 * @throws TarFormatError for a wrong checksum or a number that is none
 */
export function parseHeaderBlock(block: Buffer, offset: number): HeaderBlock {
	const name = textField(block, offset, 100);
	verifyChecksum(block, offset, name);
	try {
		return fieldsOf(block, offset, name);
	} catch (error) {
		if (error instanceof TarFormatError) throw new TarFormatError(error.message, name);
		throw error;
	}
}

function fieldsOf(block: Buffer, offset: number, shortName: ByteString): HeaderBlock {
	const magic = block.toString('latin1', offset + 257, offset + 265);
	const gnu = magic === 'ustar  \0';
	const ustar = magic.startsWith('ustar\0');
	const mode = numericField(block, offset + 100, 8) % 0o10000;
	const prefix = ustar ? ustarPrefix(block, offset) : gnu ? misplacedPrefix(block, offset) : '';
	return {
		typeFlag: String.fromCharCode(block[offset + 156]!),
		name: prefix === '' ? shortName : `${prefix}/${shortName}`,
		linkName: textField(block, offset + 157, 100),
		mode: mode < 0 ? mode + 0o10000 : mode,
		uid: numericField(block, offset + 108, 8),
		gid: numericField(block, offset + 116, 8),
		sizeBytes: numericField(block, offset + 124, 12),
		mtimeSeconds: numericField(block, offset + 136, 12),
		major: gnu || ustar ? numericField(block, offset + 329, 8) : 0,
		minor: gnu || ustar ? numericField(block, offset + 337, 8) : 0,
		gnu,
	};
}

function ustarPrefix(block: Buffer, offset: number): ByteString {
	// Schilling's tar has a shorter prefix, with times behind it, and says so at the very end.
	const star = block.toString('latin1', offset + 508, offset + 512) === 'tar\0';
	return textField(block, offset + 345, star ? 131 : 155);
}

/**
 * GNU's format has two times where ustar has the prefix. Go before 1.8 wrote a prefix there all the same, and such layers
 * still exist: what is no pair of numbers but ASCII text is taken for one, as newer Go does.
 */
function misplacedPrefix(block: Buffer, offset: number): ByteString {
	if (block[offset + 345] === 0 && block[offset + 357] === 0) return '';
	try {
		numericField(block, offset + 345, 12);
		numericField(block, offset + 357, 12);
		return '';
	} catch {
		const text = textField(block, offset + 345, 155);
		return /^[\x01-\x7f]*$/.test(text) ? text : '';
	}
}

function textField(block: Buffer, offset: number, length: number): ByteString {
	if (block[offset] === 0) return '';
	let end = offset;
	while (end < offset + length && block[end] !== 0) end++;
	return block.toString('latin1', offset, end);
}

/** The sum takes its own field as blanks; old archives summed signed bytes. */
function verifyChecksum(block: Buffer, offset: number, name: ByteString): void {
	let unsigned = 0;
	let highBytes = 0;
	for (let index = 0; index < blockBytes; index++) {
		const byte = index >= 148 && index < 156 ? 0x20 : block[offset + index]!;
		unsigned += byte;
		highBytes += byte >> 7;
	}
	let recorded: number;
	try {
		recorded = numericField(block, offset + 148, 8);
	} catch {
		recorded = -1;
	}
	if (recorded !== unsigned && recorded !== unsigned - 256 * highBytes)
		throw new TarFormatError('its header has a wrong checksum', name === '' ? undefined : name);
}

/** Bytes of padding behind a content, up to the next block. */
export function paddingOf(sizeBytes: number): number {
	return (blockBytes - (sizeBytes % blockBytes)) % blockBytes;
}

/** The text before the first NUL. */
export function untilNul(content: Buffer): ByteString {
	const end = content.indexOf(0);
	return content.toString('latin1', 0, end < 0 ? content.length : end);
}
