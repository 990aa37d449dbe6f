/**
 * Bytes in a string, one character (0 to 255) per byte. Names in a layer need not be UTF-8, and strings are what maps,
 * comparisons and splits are fast with; they become bytes again at the system call.
 */
export type ByteString = string;

/** What the kernel is given for a name: a string costs less, and means the same where all is ASCII. */
export function pathOf(bytes: ByteString): string | Buffer {
	return isAscii(bytes) ? bytes : Buffer.from(bytes, 'latin1');
}

/** The bytes of ordinary text. */
export function byteStringOf(text: string): ByteString {
	return isAscii(text) ? text : Buffer.from(text, 'utf8').toString('latin1');
}

/** For messages: bytes that are no UTF-8 become U+FFFD. */
export function shownName(bytes: ByteString): string {
	return isAscii(bytes) ? bytes : Buffer.from(bytes, 'latin1').toString('utf8');
}

/** True where every character is below 128. */
export function isAscii(text: string): boolean {
	return !/[^\x00-\x7f]/.test(text);
}
