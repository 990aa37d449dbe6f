/** Headers of a tar as Go's archive/tar writes them for plain files: archives come out equal to Podman's. Source: POSIX ustar. */

const blockBytes = 512;
const maxOctalSize = 8 ** 11 - 1;

/** What an archive of images consists of. */
export type TarEntry =
	| { readonly kind: 'file'; readonly name: string; readonly sizeBytes: number }
	| { readonly kind: 'symlink'; readonly name: string; readonly target: string };

/** One header block: mode 0444, owner 0, time 0. Names and targets are ASCII and shorter than 100. */
export function tarHeader(entry: TarEntry): Buffer {
	const header = Buffer.alloc(blockBytes);
	const isFile = entry.kind === 'file';
	header.write(entry.name, 0, 100, 'latin1');
	writeOctal(header, isFile ? 0o444 : 0, 100, 8);
	writeOctal(header, 0, 108, 8);
	writeOctal(header, 0, 116, 8);
	writeSize(header, isFile ? entry.sizeBytes : 0);
	writeOctal(header, 0, 136, 12);
	header.write(isFile ? '0' : '2', 156, 'latin1');
	if (!isFile) header.write(entry.target, 157, 100, 'latin1');
	header.write('ustar\0', 257, 'latin1');
	header.write('00', 263, 'latin1');
	writeOctal(header, 0, 329, 8);
	writeOctal(header, 0, 337, 8);
	// The checksum is taken with its own field as blanks.
	header.fill(' ', 148, 156);
	const sum = header.reduce((total, byte) => total + byte, 0);
	header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
	return header;
}

/** What follows a file of this size up to the next block. */
export function tarPadding(sizeBytes: number): Buffer {
	return Buffer.alloc((blockBytes - (sizeBytes % blockBytes)) % blockBytes);
}

/** The end of a tar. */
export function tarEnd(): Buffer {
	return Buffer.alloc(2 * blockBytes);
}

function writeOctal(header: Buffer, value: number, offset: number, width: number): void {
	header.write(`${value.toString(8).padStart(width - 1, '0')}\0`, offset, 'latin1');
}

/** From 8 GiB on the size is a binary number, marked by its first bit (a GNU extension that every reader knows). */
function writeSize(header: Buffer, sizeBytes: number): void {
	if (sizeBytes <= maxOctalSize) {
		writeOctal(header, sizeBytes, 124, 12);
		return;
	}
	header.writeBigUInt64BE(BigInt(sizeBytes), 128);
	header[124] = 0x80;
}
