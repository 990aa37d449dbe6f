/**
 * One line of a container's log file as runtimes write it:
 * `2025-06-15T15:06:40.123456789Z stdout F hello`. `P` instead of `F` says that the line goes on in the
 * next entry of the same stream; runtimes cut at 16 KiB.
 * Source: kubernetes/design-proposals-archive node/kubelet-cri-logging.md; containerd internal/cri/io/logger.go.
 */

/** One entry, without the newline at its end. */
export type LogEntry = {
	readonly timestampNanos: bigint;
	readonly stream: 'stdout' | 'stderr';
	/** More of the same line follows. */
	readonly partial: boolean;
	readonly content: string;
};

const entryPattern =
	/^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d) (stdout|stderr) ([PF])(?::[^ ]*)?(?: (.*))?$/s;

/** Reads one entry; undefined for a line that is none, such as one cut by a crash. */
export function tryParseLogEntry(line: string): LogEntry | undefined {
	const match = entryPattern.exec(line);
	if (match === null) return undefined;
	const [, seconds, fraction = '', zone, stream, tag, content = ''] = match;
	const epochMs = Date.parse(`${seconds}${zone}`);
	if (Number.isNaN(epochMs)) return undefined;
	return {
		timestampNanos: BigInt(epochMs) * 1_000_000n + BigInt(fraction.padEnd(9, '0')),
		stream: stream as LogEntry['stream'],
		partial: tag === 'P',
		content,
	};
}

/** Writes one entry in UTC with nine digits, as containerd and conmon do, without a newline. */
export function formatLogEntry(entry: LogEntry): string {
	const tag = entry.partial ? 'P' : 'F';
	return `${formatNanos(entry.timestampNanos)} ${entry.stream} ${tag} ${entry.content}`;
}

/** RFC 3339 in UTC with nanoseconds. */
export function formatNanos(timestampNanos: bigint): string {
	const nanos = ((timestampNanos % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n;
	const seconds = Number((timestampNanos - nanos) / 1_000_000_000n);
	return new Date(seconds * 1000).toISOString().replace(/\.\d+Z$/, `.${String(nanos).padStart(9, '0')}Z`);
}
