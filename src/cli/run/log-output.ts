/**
 * A container's output from its log file, byte for byte: for runtimes that cannot be attached to before the start, where an
 * attach would miss the beginning.
 */
import { open } from 'node:fs/promises';
import type { Writable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { tryParseLogEntry } from '../../cri/log-format.ts';
import { print } from '../output/print.ts';

type Stream = 'stdout' | 'stderr';

/** Where the output goes. */
export type LogTargets = Readonly<Record<Stream, Writable>>;

const pollMs = 25;
/** Polls without anything new, after the end, by which a busy host has written what it still had in its hands. */
const lastPolls = 4;
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
 * line without a newline gets none: its entry is marked as a part. Source: containerd internal/cri/io/logger.go.
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
	for (let idlePolls = 0; idlePolls < lastPolls; ) {
		signal.throwIfAborted();
		// Asked before the read: what was written until then is read by it.
		const ended = hasEnded();
		const { bytesRead } = await file.read(chunk, 0, chunk.length, position);
		if (bytesRead === 0) {
			if (ended) idlePolls += 1;
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
