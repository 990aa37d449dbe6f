import { type Readable, Transform } from 'node:stream';

/** Bytes on their way to a registry. */
export type UploadBody = {
	readonly stream: Readable;
	/** Undefined for a body of chunks whose end is not known. */
	readonly sizeBytes: number | undefined;
	/** The error of the source, where that is why the upload failed. */
	readonly failure: () => Error | undefined;
	/** How many bytes went through. */
	readonly sentBytes: () => number;
};

/**
 * Counts what goes through, as fast as the registry takes it, and tells an error of the source from one of the network.
 *
 * @param onProgress called with the sum so far
 */
export function countingBody(
	source: Readable,
	sizeBytes: number | undefined,
	onProgress: ((sentBytes: number) => void) | undefined,
): UploadBody {
	let sent = 0;
	let failure: Error | undefined;
	const counter = new Transform({
		highWaterMark: 1 << 20,
		transform(chunk: Buffer, _encoding, done) {
			sent += chunk.length;
			onProgress?.(sent);
			done(null, chunk);
		},
	});
	source.once('error', (error) => {
		failure = error;
		counter.destroy(error);
	});
	counter.once('close', () => {
		if (!source.readableEnded) source.destroy();
	});
	source.pipe(counter);
	return { stream: counter, sizeBytes, failure: () => failure, sentBytes: () => sent };
}
