import * as fs from 'node:fs';
import { promisify } from 'node:util';
import { createGunzip } from 'node:zlib';

/** So little goes in at once that even zeroes, packed a thousandfold, come out in bearable pieces. */
const inputBytes = 16 * 1024;
const outputBytes = 256 * 1024;

const read = promisify(fs.read);

/**
 * Unpacks an open gzip file from its beginning, chunk by chunk (several members are one). The descriptor
 * stays open. Everything that can be unpacked is given before an error is.
 * @throws the zlib error (`Z_BUF_ERROR` for a file cut short) or the system error of a read.
 */
export async function* gunzipChunks(fd: number): AsyncGenerator<Buffer, void, undefined> {
	const unpacker = createGunzip({ chunkSize: outputBytes });
	const ready: Buffer[] = [];
	let failure: Error | undefined;
	// A stream that fails drops what nobody has taken yet: so it is taken at once, and given from here.
	unpacker.on('data', (chunk: Buffer) => ready.push(chunk));
	unpacker.on('error', (error) => {
		failure ??= error;
	});
	try {
		for (let offset = 0; failure === undefined; ) {
			const { bytesRead, buffer } = await read(fd, Buffer.allocUnsafe(inputBytes), 0, inputBytes, offset);
			offset += bytesRead;
			if (bytesRead > 0) await put(unpacker, buffer.subarray(0, bytesRead));
			else await end(unpacker);
			yield* ready.splice(0);
			if (bytesRead === 0) break;
		}
		if (failure !== undefined) throw failure;
	} finally {
		unpacker.destroy();
	}
}

function put(unpacker: NodeJS.WritableStream, bytes: Buffer): Promise<void> {
	const { promise, resolve } = Promise.withResolvers<void>();
	// The error itself arrives by its event; then the write is never answered.
	const done = () => {
		unpacker.off('close', done);
		resolve();
	};
	unpacker.once('close', done);
	unpacker.write(bytes, done);
	return promise;
}

function end(unpacker: NodeJS.ReadWriteStream): Promise<void> {
	const { promise, resolve } = Promise.withResolvers<void>();
	unpacker.once('end', () => resolve());
	unpacker.once('close', () => resolve());
	unpacker.end();
	return promise;
}
