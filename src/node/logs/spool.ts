import { randomUUID } from 'node:crypto';
import * as fs from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gunzipChunks } from './gunzip.ts';
import { type SharedFile, shareFile } from './shared-file.ts';

/** A compressed file, unpacked: an unlinked file that nobody else sees and that cannot be left behind. */
export type Spool = {
	readonly file: SharedFile;
	readonly sizeBytes: number;
	/** What kept the rest from being unpacked; what came before it is readable. */
	readonly problem: string | undefined;
};

/** A node may be here because its disk is full: unpacking leaves it this much. */
const leaveFreeBytes = 256 * 1024 * 1024;
const checkEveryBytes = 16 * 1024 * 1024;

/**
 * Unpacks a gzip file to a spool in `folder` (default: the system's folder for temporary files), in chunks.
 * A damaged or cut file gives what could be read, with the problem in words.
 * @throws the system error when the file cannot be opened or the spool not be made; the signal's reason.
 */
export async function unpackToSpool(
	filePath: string,
	options: { readonly folder?: string | undefined; readonly signal?: AbortSignal | undefined } = {},
): Promise<Spool> {
	const folder = options.folder ?? tmpdir();
	await using cleanup = new AsyncDisposableStack();
	const packed = await fs.open(filePath, 'r');
	cleanup.defer(() => packed.close());
	const spoolPath = path.join(folder, `.criscope-log-${randomUUID()}`);
	const spool = await fs.open(spoolPath, 'wx+', 0o600);
	const onError = new AsyncDisposableStack();
	cleanup.use(onError);
	onError.defer(() => spool.close());
	await fs.unlink(spoolPath);
	let sizeBytes = 0;
	let unchecked = checkEveryBytes;
	let problem: string | undefined;
	try {
		for await (const chunk of gunzipChunks(packed.fd)) {
			options.signal?.throwIfAborted();
			unchecked += chunk.length;
			if (unchecked >= checkEveryBytes) {
				unchecked = 0;
				if ((await freeBytes(folder)) < leaveFreeBytes) {
					problem = `cannot unpack log file "${filePath}" further than ${sizeBytes} bytes: "${folder}" has too little room`;
					break;
				}
			}
			await spool.write(chunk, 0, chunk.length, sizeBytes);
			sizeBytes += chunk.length;
		}
	} catch (error) {
		options.signal?.throwIfAborted();
		problem = describeDamage(filePath, sizeBytes, error);
	}
	onError.move();
	return { file: shareFile(spool, '', sizeBytes), sizeBytes, problem };
}

/** Says in words what ended the unpacking of a file. */
export function describeDamage(filePath: string, sizeBytes: number, cause: unknown): string {
	const code = (cause as NodeJS.ErrnoException | undefined)?.code;
	const reason =
		code === 'Z_BUF_ERROR'
			? 'the file is cut short'
			: code === 'ENOSPC'
				? 'no space is left for the unpacked log'
				: `the file is damaged (${cause instanceof Error ? cause.message : String(cause)})`;
	return `cannot read compressed log "${filePath}" beyond ${sizeBytes} bytes: ${reason}`;
}

async function freeBytes(folder: string): Promise<number> {
	const stat = await fs.statfs(folder);
	return stat.bavail * stat.bsize;
}
