/** How much a client may ask of one connection, so that a broken one cannot make the server grow or stop. */
import { ResourceExhaustedError } from '../../errors.ts';

/** Calls of one connection at a time, those included that it has cancelled and whose handlers have not ended. */
export const maxConcurrentStreams = 1_000;

/** What a client may send on one stream, and on all together, before it is taken, in bytes. */
export const streamWindowBytes = 256 * 1024;
export const connectionWindowBytes = 2 ** 20;

/** Header fields of one call, packed and unpacked, in bytes; and the frames that they may come in. */
export const maxHeaderBytes = 64 * 1024;
export const maxHeaderFrames = 32;

/** Source: RFC 7541, the size before anybody says otherwise. */
export const headerTableBytes = 4096;

/** What may be waiting for a client that does not read, in bytes: answers wait elsewhere, this is replies to its frames. */
export const maxUnreadBytes = 2 ** 20;

/** How long a client may take to read our last words, in milliseconds. */
export const lastWordsMs = 2_000;

/** Frames that cost us something and bring nothing, such as pings: so many at once, and so many a second. */
const idleFramesAtOnce = 10_000;
const idleFramesPerSecond = 5_000;

/**
 * Counts frames of a connection that bring nothing.
 * @param now milliseconds that only go forward
 * @returns what says, for each, whether it is one too many
 */
export function createFloodGate(now: () => number = () => performance.now()): () => boolean {
	let left = idleFramesAtOnce;
	let countedAtMs = now();
	return () => {
		if (left < 1) {
			const nowMs = now();
			left = Math.min(idleFramesAtOnce, ((nowMs - countedAtMs) / 1000) * idleFramesPerSecond);
			countedAtMs = nowMs;
			if (left < 1) return true;
		}
		left -= 1;
		return false;
	};
}

/**
 * Counts the bytes of requests that are kept.
 * @returns what takes so many more, or less where it is negative. @throws ResourceExhaustedError (from what is returned) for
 * more than there is room for; then they are not counted
 */
export function createHold(maxBytes: number): (bytes: number) => void {
	let heldBytes = 0;
	return (bytes) => {
		if (bytes > 0 && heldBytes + bytes > maxBytes) {
			throw new ResourceExhaustedError('the requests of this connection are too large together');
		}
		heldBytes += bytes;
	};
}

/**
 * Takes one piece of work after the other, for what needs much memory at a time.
 * @returns what does a piece when those before it have come to an end, in whatever way, and says what came of it
 */
export function createTurns(): <Value>(work: () => Promise<Value>) => Promise<Value> {
	let last: Promise<unknown> = Promise.resolve();
	return (work) => {
		const done = last.then(work);
		last = done.catch(() => undefined);
		return done;
	};
}
