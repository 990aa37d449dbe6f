/** Takes bytes from a socket past Node's streams, which for a small request cost more than the request. */
import { Socket } from 'node:net';

/** A socket that somebody listens to. */
export type SocketReads = {
	readonly socket: Socket;
	/** Tells one listener of all that comes: so many of the first bytes of a buffer, which are gone when it returns. */
	onBytes(listener: (bytes: Buffer, length: number) => void): void;
};

/** What is read at once at most, in bytes; so much does libuv ask for. */
export const readChunkBytes = 64 * 1024;

/** What Node has of an accepted socket and tells nobody. */
type Accepted = { _handle?: object | null };

/**
 * Takes over an accepted socket that has not read anything yet (`pauseOnConnect`): Node reads into a buffer of ours only where
 * the socket was made so.
 * @param chunk where it reads into; others may read into the same, since listeners are told at once
 */
export function readInto(chunk: Buffer, accepted: Socket): SocketReads {
	let listener: (bytes: Buffer, length: number) => void = () => undefined;
	const onBytes = (told: typeof listener) => {
		listener = told;
	};
	const { _handle: handle } = accepted as Accepted;
	if (handle === undefined || handle === null) {
		accepted.on('data', (bytes: Buffer) => listener(bytes, bytes.length));
		accepted.resume();
		return { socket: accepted, onBytes };
	}
	const socket = new Socket({
		// Known to Node, and not to its types.
		...({ handle } as object),
		onread: {
			buffer: chunk,
			callback: (length) => {
				listener(chunk, length);
				return true;
			},
		},
	});
	// Its handle is another's now; for its server it is over, which counts the connections of a listener.
	(accepted as Accepted)._handle = null;
	accepted.destroy();
	return { socket, onBytes };
}
