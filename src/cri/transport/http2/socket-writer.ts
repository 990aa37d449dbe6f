/** Puts bytes on a socket without Node's streams, which for a small answer cost more than the answer. */
import { writeSync } from 'node:fs';
import type { Socket } from 'node:net';

/**
 * Writes the first bytes of a buffer, which is the caller's again afterwards.
 * @returns false where what is queued is for the socket's `drain` to wait for, as of `Socket.write`
 */
export type SocketWriter = (bytes: Buffer, length: number) => boolean;

/** Of one connection. What the kernel does not take at once is the stream's to send, and so are all errors to tell. */
export function createSocketWriter(socket: Socket): SocketWriter {
	return (bytes, length) => {
		let gone = 0;
		// Nothing may overtake what is queued.
		if (socket.writableLength === 0) {
			const descriptor = descriptorOf(socket);
			try {
				if (descriptor >= 0) gone = writeSync(descriptor, bytes, 0, length);
			} catch {
				// It takes nothing now, or nothing any more.
			}
			if (gone === length) return true;
		}
		return socket.write(Buffer.from(bytes.subarray(gone, length)));
	};
}

/**
 * Asked for each time, since the handle goes away at the moment that the descriptor is closed.
 * @returns -1 where there is none
 */
function descriptorOf(socket: Socket): number {
	// Node tells it nowhere else.
	return (socket as { readonly _handle?: { readonly fd?: number } | null })._handle?.fd ?? -1;
}
