import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { type HostOptions, hostPath } from './host-file.ts';
import { createOomParser, type OomKill } from './oom-kill.ts';
import { readBootTimeMs } from './procfs.ts';

/** The OOM kills the kernel still remembers, oldest first, or in words why they cannot be read. */
export type OomKills =
	| { readonly kind: 'read'; readonly kills: readonly OomKill[] }
	| { readonly kind: 'unreadable'; readonly reason: string };

/** One record of the kernel log is at most this long; a shorter buffer is refused. */
const recordLimitBytes = 8192;
/** A writer that never stops must not keep us reading: the ring of a busy host holds some 10,000 records. */
const recordLimit = 100_000;

/**
 * Reads the OOM kills that are in the kernel's ring buffer now, without waiting for more.
 * The kernel hands out one record a read, from the oldest on, and does not take it away from other readers.
 * @throws the reason of `signal` when it was aborted; a refusal is an answer (`unreadable`), not an error.
 * Source: Linux Documentation/ABI/testing/dev-kmsg.
 */
export async function readOomKills(options: HostOptions = {}): Promise<OomKills> {
	options.signal?.throwIfAborted();
	const bootTimeMs = await readBootTimeMs(options);
	const parser = createOomParser(bootTimeMs);
	try {
		await using file = await open(hostPath('/dev/kmsg', options), constants.O_RDONLY | constants.O_NONBLOCK);
		await readRecords(file, parser.push, options.signal);
	} catch (error) {
		options.signal?.throwIfAborted();
		return { kind: 'unreadable', reason: reasonOf(error) };
	}
	options.signal?.throwIfAborted();
	return { kind: 'read', kills: parser.kills() };
}

/** Hands every whole line to `push`; lines that belong to the record before start with a space. */
async function readRecords(
	file: FileHandle,
	push: (line: string) => void,
	signal: AbortSignal | undefined,
): Promise<void> {
	const buffer = Buffer.allocUnsafe(recordLimitBytes);
	let rest = '';
	for (let count = 0; count < recordLimit && !signal?.aborted; count++) {
		let bytesRead: number;
		try {
			({ bytesRead } = await file.read(buffer, 0, buffer.length, null));
		} catch (error) {
			const code = codeOf(error);
			// The ring has moved on over our place; the next read continues at the oldest record there is.
			if (code === 'EPIPE') continue;
			if (code === 'EAGAIN') break;
			throw error;
		}
		if (bytesRead === 0) break;
		const lines = (rest + buffer.toString('utf8', 0, bytesRead)).split('\n');
		rest = lines.pop() ?? '';
		for (const line of lines) push(line);
	}
	if (rest !== '') push(rest);
}

function reasonOf(error: unknown): string {
	switch (codeOf(error)) {
		case 'EPERM':
		case 'EACCES':
			return 'the kernel log may be read by root only (kernel.dmesg_restrict)';
		case 'ENOENT':
		case 'ENXIO':
		case 'ENODEV':
			return 'this host has no /dev/kmsg';
		default:
			return `cannot read the kernel log: ${error instanceof Error ? error.message : String(error)}`;
	}
}

function codeOf(error: unknown): string | undefined {
	return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
