/**
 * One blob out of the first source that can give it: resumed where its body breaks, taken over by the next source where one
 * dies, and verified to the last byte.
 */
import { createHash, type Hash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { errorMessage, isAbort } from '../../cri/errors.ts';
import type { WaitOptions } from '../storage/model.ts';
import { type BlobSink, type BlobTarget, openSink } from './blob-sink.ts';
import { type BlobStream, type Descriptor, RegistryError, type Repository } from './model.ts';

/** The bytes are not those that the descriptor promises. `source` is who sent the last of them. */
export class BlobContentError extends Error {
	override readonly name = 'BlobContentError';
	readonly source: string;
	constructor(message: string, source: string) {
		super(message);
		this.source = source;
	}
}

/** How patient one is with a source. */
export type FetchLimits = {
	/** Tries in a row that bring no byte. */
	readonly maxIdleTries: number;
	/** Breaks of a body in all, whatever they brought. */
	readonly maxBreaks: number;
	/** A body that brings nothing for this long is broken. */
	readonly stallMs: number;
	/** Pause before the first new try; it doubles. */
	readonly retryMs: number;
};

export const defaultFetchLimits: FetchLimits = {
	maxIdleTries: 3,
	maxBreaks: 30,
	stallMs: 60_000,
	retryMs: 300,
};

export type BlobFetch = {
	readonly descriptor: Descriptor;
	/** In order; never empty. */
	readonly sources: readonly Repository[];
	readonly to: BlobTarget;
	readonly onBytes: (receivedBytes: number, source: Repository) => void;
	readonly onNote: (text: string) => void;
	readonly limits: FetchLimits;
};

/**
 * Fetches a blob.
 * @throws BlobContentError; RegistryError of the last source where none can give it; whatever `write` throws; the reason of
 * the signal
 */
export async function fetchBlob(fetch: BlobFetch, { signal }: WaitOptions = {}): Promise<void> {
	const { descriptor, sources, limits, onNote } = fetch;
	const state: Progress = { receivedBytes: 0, hash: createHash('sha256'), sink: openSink(fetch.to) };
	let place = 0;
	let idleTries = 0;
	let breaks = 0;
	let source = sources[0];
	while (state.receivedBytes < descriptor.sizeBytes && source !== undefined) {
		const beforeBytes = state.receivedBytes;
		try {
			const stream = await source.blob(descriptor, beforeBytes, { signal });
			await drain(stream, fetch, source, state, signal);
			if (state.receivedBytes < descriptor.sizeBytes) throw new BrokenBody('it ended');
		} catch (error) {
			signal?.throwIfAborted();
			if (error instanceof BlobContentError || !(isSourceError(error) || isAbort(error))) throw error;
			idleTries = state.receivedBytes > beforeBytes ? 1 : idleTries + 1;
			breaks += 1;
			const far = `after ${state.receivedBytes} of ${descriptor.sizeBytes} bytes`;
			const next = sources[place + 1];
			if (error instanceof BrokenBody && idleTries < limits.maxIdleTries && breaks < limits.maxBreaks) {
				onNote(`${source.host}: blob ${descriptor.digest} broke ${far} (${error.message}); resuming`);
				await delay(limits.retryMs * 2 ** (idleTries - 1), undefined, { signal });
				continue;
			}
			if (next === undefined) {
				if (error instanceof RegistryError) throw error;
				throw new RegistryError(
					'unreachable',
					`blob ${descriptor.digest} of ${source.name} broke ${far}: ${errorMessage(error)}`,
					{ cause: error },
				);
			}
			onNote(`${source.host}: ${errorMessage(error)}; blob ${descriptor.digest} goes on from ${next.host}`);
			place += 1;
			source = next;
			idleTries = 0;
			breaks = 0;
		}
	}
	const digest = `sha256:${state.hash.digest('hex')}`;
	if (digest !== descriptor.digest) {
		const host = source?.host ?? '';
		throw new BlobContentError(`blob ${descriptor.digest} from ${host} has the digest ${digest}`, host);
	}
}

type Progress = {
	receivedBytes: number;
	readonly hash: Hash;
	readonly sink: BlobSink;
};

/** The body broke: asking again may help. */
class BrokenBody extends Error {}

function isSourceError(error: unknown): boolean {
	return error instanceof RegistryError || error instanceof BrokenBody;
}

async function drain(
	stream: BlobStream,
	fetch: BlobFetch,
	source: Repository,
	state: Progress,
	signal: AbortSignal | undefined,
): Promise<void> {
	const { descriptor, limits } = fetch;
	const { body } = stream;
	const { sizeBytes } = descriptor;
	// Without a listener an error that comes after the reader has gone would end the process.
	body.on('error', () => undefined);
	const wrongSize = (size: string) =>
		new BlobContentError(
			`blob ${descriptor.digest} from ${source.host} has ${size} bytes instead of ${sizeBytes}`,
			source.host,
		);
	let skipBytes = state.receivedBytes - stream.offset;
	const stall = setTimeout(
		() => body.destroy(new BrokenBody(`no byte for ${limits.stallMs / 1000} s`)),
		limits.stallMs,
	);
	const onAbort = () => body.destroy(new BrokenBody('aborted'));
	try {
		if (skipBytes < 0 || (stream.totalBytes !== undefined && stream.totalBytes !== sizeBytes)) {
			throw wrongSize(String(stream.totalBytes ?? `at least ${stream.offset}`));
		}
		signal?.addEventListener('abort', onAbort, { once: true });
		signal?.throwIfAborted();
		for await (const received of bytesOf(body)) {
			stall.refresh();
			let chunk = received;
			if (skipBytes > 0) {
				const skipped = Math.min(skipBytes, chunk.length);
				skipBytes -= skipped;
				chunk = chunk.subarray(skipped);
				if (chunk.length === 0) continue;
			}
			if (state.receivedBytes + chunk.length > sizeBytes) throw wrongSize('more');
			state.receivedBytes += chunk.length;
			state.hash.update(chunk);
			await state.sink.take(chunk, body.readableLength === 0);
			fetch.onBytes(state.receivedBytes, source);
		}
	} finally {
		clearTimeout(stall);
		signal?.removeEventListener('abort', onAbort);
		body.destroy();
		// What was hashed must be written, or a resumed body would leave a hole.
		await state.sink.settle();
	}
}

/** The chunks of a body; an error of the body becomes BrokenBody, one of the reader stays what it is. */
async function* bytesOf(body: BlobStream['body']): AsyncGenerator<Uint8Array> {
	const chunks = body[Symbol.asyncIterator]();
	while (true) {
		let next: IteratorResult<Uint8Array>;
		try {
			next = await chunks.next();
		} catch (error) {
			if (error instanceof RegistryError) throw new BrokenBody(error.message, { cause: error });
			if (error instanceof BrokenBody) throw error;
			throw new BrokenBody(errorMessage(error), { cause: error });
		}
		if (next.done === true) return;
		yield next.value;
	}
}
