/** What becomes of a blob's bytes as they come out of a socket. */

/**
 * Memory as large as the blob, for a small one; or what takes the bytes in order: the next ones come when it has resolved, in
 * the same memory.
 */
export type BlobTarget = Uint8Array | ((bytes: Uint8Array) => Promise<void>);

/** Bytes gathered before they are written; fewer where no more are waiting. */
const batchBytes = 256 * 1024;

/** Where bytes go on their way. */
export type BlobSink = {
	/** What is `last` until more come need not wait for them. */
	take(chunk: Uint8Array, isLast: boolean): Promise<void> | undefined;
	/** Resolves when all that was taken is where it belongs. @throws what writing throws */
	settle(): Promise<void>;
};

/** Begins to fill a target; one caller at a time. */
export function openSink(to: BlobTarget): BlobSink {
	if (typeof to === 'function') return createBatches(to);
	let filled = 0;
	return {
		take(chunk) {
			to.set(chunk, filled);
			filled += chunk.length;
			return undefined;
		},
		settle: () => Promise.resolve(),
	};
}

function createBatches(write: (bytes: Uint8Array) => Promise<void>): BlobSink {
	// Two buffers take turns, one filled while the other is written: fresh ones for every batch fragment the memory.
	let filling = Buffer.allocUnsafeSlow(batchBytes);
	let spare = Buffer.allocUnsafeSlow(batchBytes);
	let filled = 0;
	let writing: Promise<void> | undefined;
	let written = true;
	const flush = async () => {
		await writing;
		writing = filled === 0 ? undefined : write(filling.subarray(0, filled));
		written = writing === undefined;
		[filling, spare] = [spare, filling];
		filled = 0;
		// It is awaited before the next one; until then its failure is nobody's unhandled rejection.
		const done = () => {
			written = true;
		};
		writing?.then(done, done);
	};
	return {
		async take(received, isLast) {
			let chunk = received;
			while (chunk.length > 0) {
				const taken = chunk.subarray(0, filling.length - filled);
				filling.set(taken, filled);
				filled += taken.length;
				chunk = chunk.subarray(taken.length);
				if (filled === filling.length) await flush();
			}
			// While one write is under way, what comes is gathered: a few large ones cost less than many small ones.
			if (isLast && written) await flush();
		},
		async settle() {
			await flush();
			await writing;
		},
	};
}
