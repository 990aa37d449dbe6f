/**
 * The lines of a tar-split file. Source: vbatts/tar-split, tar/storage: JSON as Go writes it, byte for byte.
 */
import { isUtf8 } from 'node:buffer';
import { type ByteString, isAscii } from './byte-string.ts';

/** Type 2: bytes of the tar itself. */
export function segmentLine(payloadBase64: string, position: number): ByteString {
	return `{"type":2,"payload":"${payloadBase64}","position":${position}}\n`;
}

/** Type 1: a file's content stands here, by its name; entries without content have no checksum. */
export function fileLine(
	name: ByteString,
	content: { readonly sizeBytes: number; readonly crc: Buffer } | undefined,
	position: number,
): ByteString {
	const size = content === undefined ? '' : `"size":${content.sizeBytes},`;
	const payload = content === undefined ? 'null' : `"${content.crc.toString('base64')}"`;
	return `{"type":1,${nameField(name)}${size}"payload":${payload},"position":${position}}\n`;
}

function nameField(name: ByteString): ByteString {
	if (name === '') return '';
	if (isAscii(name)) return `"name":"${escaped(name)}",`;
	const bytes = Buffer.from(name, 'latin1');
	return isUtf8(bytes) ? `"name":"${escaped(name)}",` : `"name_raw":"${bytes.toString('base64')}",`;
}

/** Go escapes what HTML would stumble over, and the two line separators (here as their three bytes). */
function escaped(text: ByteString): ByteString {
	if (!/["\\<>&\x00-\x1f\xe2]/.test(text)) return text;
	return text.replace(
		/["\\<>&\x00-\x1f]|\xe2\x80[\xa8\xa9]/g,
		(match) => shortEscapes[match] ?? `\\u${match.charCodeAt(0).toString(16).padStart(4, '0')}`,
	);
}

const shortEscapes: Readonly<Record<string, string | undefined>> = {
	'"': '\\"',
	'\\': '\\\\',
	'\b': '\\b',
	'\f': '\\f',
	'\n': '\\n',
	'\r': '\\r',
	'\t': '\\t',
	'\xe2\x80\xa8': '\\u2028',
	'\xe2\x80\xa9': '\\u2029',
};
