import { randomUUID } from 'node:crypto';
import * as fs from 'node:fs/promises';
import path from 'node:path';
import type { LogExportOptions, LogHistory } from './log-history.ts';
import { compareLogPositions, type LogLine, type LogPosition } from './log-line.ts';
import { formatLogTimestamp } from './physical-line.ts';
import type { SegmentStore } from './segment-store.ts';

/** Lines read at once: some milliseconds of parsing. */
const pageLines = 500;
const copyBytes = 1 << 20;

/** Writes chunks to a file that appears under its name when all of them are on disk. */
export type FileWriter = { write(bytes: Buffer): Promise<void> };

/**
 * Runs `produce` with a temporary file beside `filePath`, then renames it to that name; removes it instead
 * when anything fails.
 * @throws Error in words (full disk, no folder, no permission); the signal's reason.
 */
export async function writeWhole<T>(
	filePath: string,
	produce: (writer: FileWriter) => Promise<T>,
): Promise<T> {
	const temporary = path.join(path.dirname(filePath), `.${path.basename(filePath)}.${randomUUID()}.tmp`);
	let handle: fs.FileHandle;
	try {
		handle = await fs.open(temporary, 'wx', 0o600);
	} catch (cause) {
		throw describeWriteError(filePath, cause);
	}
	let failed = true;
	try {
		const result = await produce({
			write: async (bytes) => {
				try {
					// Writes again what a full disk took only in part, and then hears why.
					for (let at = 0; at < bytes.length; ) at += (await handle.write(bytes, at)).bytesWritten;
				} catch (cause) {
					throw describeWriteError(filePath, cause);
				}
			},
		});
		try {
			await handle.sync();
			await handle.close();
			await fs.rename(temporary, filePath);
		} catch (cause) {
			throw describeWriteError(filePath, cause);
		}
		failed = false;
		return result;
	} finally {
		if (failed) {
			await handle.close().catch(() => undefined);
			await fs.rm(temporary, { force: true }).catch(() => undefined);
		}
	}
}

/** What went wrong with a file that is written, in words a person can act on. */
export function describeWriteError(filePath: string, cause: unknown): Error {
	const { code } = cause as NodeJS.ErrnoException;
	const reasons: Record<string, string> = {
		ENOSPC: 'no space is left on the disk; nothing was saved',
		EDQUOT: 'the disk quota is used up; nothing was saved',
		ENOENT: `the folder "${path.dirname(filePath)}" does not exist`,
		ENOTDIR: `"${path.dirname(filePath)}" is no folder`,
		EISDIR: 'it is a folder',
		EACCES: 'permission denied',
		EPERM: 'permission denied',
		EROFS: 'the file system is read-only',
	};
	const reason = (code && reasons[code]) ?? (cause instanceof Error ? cause.message : String(cause));
	return new Error(`cannot save log to "${filePath}": ${reason}`, { cause });
}

/** Exports a history line by line, as text or as CRI lines; for filtered and merged histories too. */
export async function exportByLines(
	history: Pick<LogHistory, 'readForward' | 'ratio' | 'totalBytes'>,
	filePath: string,
	options: LogExportOptions,
): Promise<{ readonly lines: number; readonly bytes: number }> {
	const { matcher, format, to, signal, onProgress } = options;
	const totalBytes = history.totalBytes();
	return await writeWhole(filePath, async (writer) => {
		let lines = 0;
		let bytes = 0;
		let from: LogPosition | 'start' = options.from ?? 'start';
		for (let more = true; more; ) {
			const page: readonly LogLine[] = await history.readForward(from, pageLines, {
				filter: matcher,
				signal,
				whole: true,
			});
			const wanted = to === undefined ? page : page.filter((line) => compareLogPositions(line.start, to) < 0);
			const chunk = Buffer.from(wanted.map((line) => renderLine(line, format)).join(''));
			await writer.write(chunk);
			lines += wanted.length;
			bytes += chunk.length;
			const last = page.at(-1);
			more = last !== undefined && !last.open && wanted.length === page.length;
			if (last === undefined) break;
			from = last.end;
			const ratio = more ? history.ratio(last.end) : 1;
			onProgress?.({ scannedBytes: Math.round(ratio * totalBytes), totalBytes, ratio, matches: lines });
		}
		return { lines, bytes };
	});
}

function renderLine(line: LogLine, format: LogExportOptions['format']): string {
	if (format === 'text') return line.source === '' ? `${line.text}\n` : `${line.source}: ${line.text}\n`;
	if (line.timestampNanos === undefined) return `${line.text}\n`;
	return `${formatLogTimestamp(line.timestampNanos)} ${line.stream} F ${line.text}\n`;
}

/** Copies the bytes of all segments as they are (compressed ones unpacked), without looking at lines. */
export async function exportBytes(
	store: SegmentStore,
	filePath: string,
	options: LogExportOptions,
): Promise<{ readonly lines: number; readonly bytes: number }> {
	const { from, to, signal, onProgress } = options;
	await store.refresh();
	const segments = [...store.segments()].filter(
		({ id }) => (from === undefined || id >= from.segment) && (to === undefined || id <= to.segment),
	);
	return await writeWhole(filePath, async (writer) => {
		let lines = 0;
		let bytes = 0;
		for (const segment of segments) {
			const opened = await store.files.open(segment, signal);
			if (opened === undefined) continue;
			try {
				let at = segment.id === from?.segment ? from.offset : 0;
				const end = segment.id === to?.segment ? Math.min(to.offset, segment.sizeBytes) : segment.sizeBytes;
				while (at < end) {
					signal?.throwIfAborted();
					const chunk = await opened.source.read(at, Math.min(copyBytes, end - at));
					if (chunk.length === 0) break;
					await writer.write(chunk);
					at += chunk.length;
					bytes += chunk.length;
					lines += countNewlines(chunk);
					const totalBytes = segments.reduce((sum, each) => sum + each.sizeBytes, 0);
					const ratio = Math.min(1, bytes / Math.max(1, totalBytes));
					onProgress?.({ scannedBytes: bytes, totalBytes, ratio, matches: lines });
				}
			} finally {
				await opened.release();
			}
		}
		return { lines, bytes };
	});
}

function countNewlines(chunk: Buffer): number {
	let lines = 0;
	for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, at + 1)) lines += 1;
	return lines;
}
