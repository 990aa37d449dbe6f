/** Brings a session's output to a stream no faster than its reader takes it. */
import type { Writable } from 'node:stream';
import { print } from '../output/print.ts';

/** Bytes on their way to one reader above which the session is held back, and below which it goes on. */
const mostPendingBytes = 256 * 1024;
const fewPendingBytes = 64 * 1024;

/** Where output goes: a stream, or what stands in for one. */
export type OutputGate = {
	readonly take: (bytes: Uint8Array) => void;
	/** True while the reader is behind. */
	readonly isFull: () => boolean;
	/** Settles when all that was taken has gone, or cannot go any more. */
	readonly drained: () => Promise<void>;
};

/**
 * Makes a gate.
 * @param on.onChange the gate has become full, or free again
 * @param on.onFailure the first write that failed, as `print` tells it: ReaderGoneError where nobody reads any more
 */
export function createOutputGate(
	stream: Writable,
	on: { readonly onChange: () => void; readonly onFailure: (error: unknown) => void },
): OutputGate {
	let pendingBytes = 0;
	let full = false;
	let failed = false;
	let last: Promise<void> = Promise.resolve();

	async function write(bytes: Uint8Array): Promise<void> {
		try {
			await print({ stdout: stream }, bytes);
		} catch (error) {
			if (!failed) on.onFailure(error);
			failed = true;
		}
		pendingBytes -= bytes.length;
		if (!full || pendingBytes > fewPendingBytes) return;
		full = false;
		on.onChange();
	}

	return {
		take(bytes) {
			if (failed || bytes.length === 0) return;
			pendingBytes += bytes.length;
			// Writes end in the order they began.
			last = write(bytes);
			if (full || pendingBytes < mostPendingBytes) return;
			full = true;
			on.onChange();
		},
		isFull: () => full,
		drained: () => last,
	};
}
