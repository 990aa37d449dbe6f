import type { FileHandle } from 'node:fs/promises';

/** The bytes of a segment, wherever they come from: a file, a spool, a test. */
export type ByteSource = {
	/** Bytes from an offset: as many as asked for, fewer at the end, none behind it. The caller owns them. */
	read(offset: number, length: number): Promise<Buffer>;
};

/** Reads an open file. Concurrent reads are fine: each names its offset. */
export function createFileSource(handle: FileHandle): ByteSource {
	return {
		async read(offset, length) {
			const buffer = Buffer.allocUnsafe(length);
			let filled = 0;
			// A file system may give less than it has (NFS, FUSE); only nothing means the end.
			while (filled < length) {
				const { bytesRead } = await handle.read(buffer, filled, length - filled, offset + filled);
				if (bytesRead === 0) break;
				filled += bytesRead;
			}
			return filled === length ? buffer : buffer.subarray(0, filled);
		},
	};
}
