/**
 * A container's output from its log file, byte for byte: for runtimes that cannot be attached to before the start, where an
 * attach would miss the beginning.
 */
import { open } from 'node:fs/promises';
import type { Writable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { tryParseLogEntry } from '../../cri/log-format.ts';
import { print } from '../output/print.ts';
import { watchWriters } from './file-writers.ts';

type Stream = 'stdout' | 'stderr';

/** Where the output goes. */
export type LogTargets = Readonly<Record<Stream, Writable>>;

const pollMs = 25;
/** Polls without anything new after the end and the last writer. */
const lastPolls = 2;
/** Polls without anything new after which a writer that stays is given up: 10 s. */
const mostPolls = 400;
const chunkBytes = 64 * 1024;

/** The pieces of output in complete lines of a log; what is no entry is left out. */
export function logPieces(text: string): readonly { readonly stream: Stream; readonly text: string }[] {
	return text.split('\n').flatMap((line) => {
		const entry = tryParseLogEntry(line);
		return entry ? [{ stream: entry.stream, text: `${entry.content}${entry.partial ? '' : '\n'}` }] : [];
	});
}

/**
 * Writes what the log says to the two streams, as it comes, until the container has ended and all has been written. A last
 * line without a newline gets none: its entry is marked as a part. The log is whole when the runtime has closed it, which
 * on a busy host is some time after the end. Source: containerd internal/cri/io/logger.go.
 * @param hasEnded true once the container has ended
 * @throws ReaderGoneError, what reading throws, the signal's reason.
 */
export async function followLogOutput(
	path: string,
	targets: LogTargets,
	hasEnded: () => boolean,
	{ signal }: { readonly signal: AbortSignal },
): Promise<void> {
	await using file = await open(path);
	const chunk = Buffer.alloc(chunkBytes);
	let rest = '';
	let position = 0;
	const isWritten = watchWriters(path);
	for (let idlePolls = 0; ; ) {
		signal.throwIfAborted();
		// Asked before the read: what was written until then is read by it.
		const ended = hasEnded();
		const written = ended && isWritten();
		const { bytesRead } = await file.read(chunk, 0, chunk.length, position);
		if (bytesRead === 0) {
			if (ended) idlePolls += 1;
			if (idlePolls >= (written ? mostPolls : lastPolls)) return;
			await delay(pollMs, undefined, { signal });
			continue;
		}
		idlePolls = 0;
		position += bytesRead;
		// Every byte is a character, whatever the encoding is.
		rest += chunk.toString('latin1', 0, bytesRead);
		const whole = rest.slice(0, rest.lastIndexOf('\n') + 1);
		rest = rest.slice(whole.length);
		for (const { stream, text } of logPieces(whole)) {
			await print({ stdout: targets[stream] }, Buffer.from(text, 'latin1'));
		}
	}
}
