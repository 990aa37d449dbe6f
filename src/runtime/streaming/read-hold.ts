/** Stops reading from a connection while somebody cannot take more. */
export type ReadHold = {
	/** @param holder who cannot take more; holding twice is holding once */
	hold(holder: object): void;
	release(holder: object): void;
	/** Ends it for good: what the connection does then is no longer its business. */
	close(): void;
};

/**
 * One TCP connection carries all streams of a session, so a full one holds back all. While nothing is read, the end of
 * the peer cannot be read either: `beat` is called again and again, and is to write something, which fails by then.
 */
export function createReadHold(
	connection: { pause(): void; resume(): void; beat(): void },
	beatMs: number,
): ReadHold {
	const holders = new Set<object>();
	let timer: NodeJS.Timeout | undefined;
	let closed = false;
	return {
		hold(holder) {
			if (closed) return;
			holders.add(holder);
			timer ??= setInterval(() => connection.beat(), beatMs);
			connection.pause();
		},
		release(holder) {
			if (closed || !holders.delete(holder) || holders.size > 0) return;
			clearInterval(timer);
			timer = undefined;
			connection.resume();
		},
		close() {
			closed = true;
			holders.clear();
			clearInterval(timer);
		},
	};
}
