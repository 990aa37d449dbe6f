import type { JoinPoint } from './line-parser.ts';
import type { LogFile } from './log-files.ts';
import type { LogSegmentKind } from './log-history.ts';
import type { LogFormat } from './physical-line.ts';
import type { SharedFile } from './shared-file.ts';

/**
 * One segment as the history keeps it. It changes as its file is renamed, compressed, grows or goes; its id
 * never does, so that positions stay valid.
 */
export type Segment = {
	readonly id: number;
	file: LogFile;
	kind: LogSegmentKind;
	/** Bytes after decompression; an estimate until a compressed segment is unpacked. */
	sizeBytes: number;
	problem: string | undefined;
	/** First bytes, to tell a truncated or copied file by; for the file being written only. */
	head: Buffer;
	/** Held open for as long as the file may still be written or renamed under us. */
	held: SharedFile | undefined;
	/** The name is gone; only `held` still reaches the bytes. */
	orphaned: boolean;
	/** Told once: the format, and the first timestamp (null: none found). */
	format: LogFormat | undefined;
	firstNanos: bigint | null | undefined;
	/** Where the last forward read stopped: the next one mostly goes on there. */
	join: JoinPoint | undefined;
};

/** Bytes compared to tell whether two files began with the same lines. */
export const headBytes = 512;

/** Makes a segment for a file that is seen for the first time. */
export function createSegment(id: number, file: LogFile, kind: LogSegmentKind): Segment {
	return {
		id,
		file,
		kind,
		sizeBytes: file.compressed ? estimateUnpacked(file.sizeBytes) : file.sizeBytes,
		problem: undefined,
		head: Buffer.alloc(0),
		held: undefined,
		orphaned: false,
		format: undefined,
		firstNanos: undefined,
		join: undefined,
	};
}

/** Logs compress to about a tenth; only for the scroll bar, until the segment is read. */
export function estimateUnpacked(compressedBytes: number): number {
	return compressedBytes * 10;
}

/** What a file is, beside the attempt that is being written. */
export function kindOf(file: LogFile, latestAttempt: number | undefined): LogSegmentKind {
	if (file.compressed) return 'compressed';
	if (file.attempt !== latestAttempt) return 'earlierAttempt';
	return file.rotation === '' ? 'current' : 'rotated';
}

/** Makes plain what went wrong with a file, for a person. */
export function describeFileProblem(path: string, cause: unknown): string {
	const code = (cause as NodeJS.ErrnoException | undefined)?.code;
	const reason =
		code === 'EACCES' || code === 'EPERM'
			? 'permission denied'
			: code === 'ENOENT'
				? 'the file does not exist'
				: code === 'EISDIR'
					? 'it is a folder'
					: code === 'EMFILE' || code === 'ENFILE'
						? 'too many open files'
						: cause instanceof Error
							? cause.message
							: String(cause);
	return `cannot read log file "${path}": ${reason}`;
}
