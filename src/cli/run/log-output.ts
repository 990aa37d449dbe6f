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

/** What is known beside the log. */
export type LogFacts = {
	/** True once the container has ended, and so its log is whole. */
	readonly hasEnded: () => boolean;
	/** False where the last byte of the stream is known not to be a newline: a log cannot tell. */
	readonly endsWithNewline: (stream: Stream) => boolean;
};

const pollMs = 25;
/** Polls without anything new after which a newline that may be the last one is written all the same. */
const idlePolls = 12;
const chunkBytes = 64 * 1024;

/** The pieces of output in complete lines of a log; what is no entry is left out. */
export function logPieces(text: string): readonly { readonly stream: Stream; readonly text: string }[] {
	return text.split('\n').flatMap((line) => {
		const entry = tryParseLogEntry(line);
		return entry ? [{ stream: entry.stream, text: `${entry.content}${entry.partial ? '' : '\n'}` }] : [];
	});
}

/**
 * Writes what the log says to the two streams, as it comes, until the container has ended and all has been written.
 * @throws ReaderGoneError, what reading throws, the signal's reason.
 */
export async function followLogOutput(
	path: string,
	targets: LogTargets,
	facts: LogFacts,
	{ signal }: { readonly signal: AbortSignal },
): Promise<void> {
	await using file = await open(path);
	const chunk = Buffer.alloc(chunkBytes);
	const held: Record<Stream, boolean> = { stdout: false, stderr: false };
	let rest = '';
	let position = 0;
	let idle = 0;
	const write = (stream: Stream, text: string) =>
		print({ stdout: targets[stream] }, Buffer.from(text, 'latin1'));

	async function release(stream: Stream): Promise<void> {
		if (!held[stream]) return;
		held[stream] = false;
		await write(stream, '\n');
	}
	for (;;) {
		signal.throwIfAborted();
		// Asked before the read: what was written until then is read by it.
		const ended = facts.hasEnded();
		const { bytesRead } = await file.read(chunk, 0, chunk.length, position);
		position += bytesRead;
		if (bytesRead > 0) {
			idle = 0;
			// Every byte is a character, whatever the encoding is.
			rest += chunk.toString('latin1', 0, bytesRead);
			const whole = rest.slice(0, rest.lastIndexOf('\n') + 1);
			rest = rest.slice(whole.length);
			for (const { stream, text } of logPieces(whole)) {
				await release(stream);
				held[stream] = text.endsWith('\n');
				await write(stream, held[stream] ? text.slice(0, -1) : text);
			}
			continue;
		}
		if (ended) break;
		idle += 1;
		if (idle >= idlePolls) {
			await release('stdout');
			await release('stderr');
		}
		await delay(pollMs, undefined, { signal });
	}
	for (const stream of ['stdout', 'stderr'] as const) {
		if (facts.endsWithNewline(stream)) await release(stream);
	}
}
