/** How the lines of a segment are written. Told once per segment, by its first line. */
export type LogFormat = 'cri' | 'dockerJson';

/** One line of the file taken apart. Offsets are into the buffer it was parsed from. */
export type PhysicalLine = {
	/** The prefix's timestamp as written; undefined when the line has no prefix. */
	readonly stampText: string | undefined;
	/** undefined for a line that is no log line of the format: the whole line is content. */
	readonly stream: 'stdout' | 'stderr' | undefined;
	/** More of the same line follows in the next physical line of the stream. */
	readonly partial: boolean;
	readonly contentStart: number;
	readonly contentEnd: number;
	/** Decoded content, when it is not a slice of the file (JSON); then the offsets do not count. */
	readonly decoded?: Buffer | undefined;
};

const space = 0x20;
const colon = 0x3a;
const upperF = 0x46;
const upperP = 0x50;
/** RFC3339Nano with an offset is 35 characters at most. */
const longestStamp = 40;
const shortestStamp = 20;

/**
 * Takes apart one line, without its newline. Never fails: what is no log line is content as a whole.
 * Source: Kubernetes CRI logging design (`TIMESTAMP STREAM TAGS CONTENT`, tags joined by `:`, P or F first);
 * Docker json-file driver (`log`, `stream`, `time`; a `log` without a final newline is continued).
 */
export function parsePhysicalLine(
	buffer: Buffer,
	start: number,
	end: number,
	format: LogFormat,
): PhysicalLine {
	const line = format === 'cri' ? parseCriLine(buffer, start, end) : parseDockerLine(buffer, start, end);
	return (
		line ?? { stampText: undefined, stream: undefined, partial: false, contentStart: start, contentEnd: end }
	);
}

function parseCriLine(buffer: Buffer, start: number, end: number): PhysicalLine | undefined {
	const contentStart = findCriContent(buffer, start, end);
	if (contentStart < 0) return undefined;
	const stampEnd = buffer.indexOf(space, start);
	return {
		stampText: buffer.toString('latin1', start, stampEnd),
		stream: streamAt(buffer, stampEnd + 1),
		partial: buffer[stampEnd + 8] === upperP,
		contentStart,
		contentEnd: end,
	};
}

/** Where the content of a CRI line begins; -1 when the line is none. Allocates nothing: made for scans. */
export function findCriContent(buffer: Buffer, start: number, end: number): number {
	// "-" and "T" where a stamp has them: most foreign lines leave here.
	if (end - start < shortestStamp + 9 || buffer[start + 4] !== 0x2d || buffer[start + 10] !== 0x54) return -1;
	let at = start + shortestStamp - 1;
	const lastStart = Math.min(end, start + longestStamp);
	while (at < lastStart && buffer[at] !== space) at += 1;
	if (at + 8 >= end || streamAt(buffer, at + 1) === undefined) return -1;
	const tag = buffer[at + 8];
	if (tag !== upperF && tag !== upperP) return -1;
	at += 9;
	if (at < end && buffer[at] === colon) while (at < end && buffer[at] !== space) at += 1;
	if (at < end && buffer[at] !== space) return -1;
	return Math.min(at + 1, end);
}

/** "stdout " or "stderr " at an offset. */
function streamAt(buffer: Buffer, at: number): 'stdout' | 'stderr' | undefined {
	if (buffer[at] !== 0x73 || buffer[at + 1] !== 0x74 || buffer[at + 2] !== 0x64) return undefined;
	if (buffer[at + 6] !== space) return undefined;
	if (buffer[at + 3] === 0x6f && buffer[at + 4] === 0x75 && buffer[at + 5] === 0x74) return 'stdout';
	if (buffer[at + 3] === 0x65 && buffer[at + 4] === 0x72 && buffer[at + 5] === 0x72) return 'stderr';
	return undefined;
}

function parseDockerLine(buffer: Buffer, start: number, end: number): PhysicalLine | undefined {
	if (buffer[start] !== 0x7b) return undefined;
	let parsed: unknown;
	try {
		parsed = JSON.parse(buffer.toString('utf8', start, end));
	} catch {
		return undefined;
	}
	const { log, stream, time } = parsed as { log?: unknown; stream?: unknown; time?: unknown };
	if (typeof log !== 'string') return undefined;
	const whole = log.endsWith('\n');
	return {
		stampText: typeof time === 'string' ? time : undefined,
		stream: stream === 'stderr' ? 'stderr' : 'stdout',
		partial: !whole,
		contentStart: start,
		contentEnd: end,
		decoded: Buffer.from(whole ? log.slice(0, -1) : log),
	};
}

/** Tells a segment's format by its beginning: JSON lines of Docker, or CRI lines (also for anything else). */
export function detectLogFormat(head: Buffer): LogFormat {
	const newline = head.indexOf(10);
	const end = newline < 0 ? head.length : newline;
	if (parseDockerLine(head, 0, end) !== undefined) return 'dockerJson';
	// A first line longer than the head that was read cannot be parsed, yet shows how it begins.
	return newline < 0 && /^\{"log":"/.test(head.toString('latin1', 0, 16)) ? 'dockerJson' : 'cri';
}

const stampPattern = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?:Z|([+-])(\d\d):(\d\d))$/;

/** Parses RFC3339Nano with any offset to nanoseconds since the epoch; undefined when it is none. */
export function tryParseLogTimestamp(text: string): bigint | undefined {
	const match = stampPattern.exec(text);
	if (match === null) return undefined;
	const [, year, month, day, hour, minute, second, fraction, sign, zoneHours, zoneMinutes] = match;
	const utcMs = Date.UTC(+year!, +month! - 1, +day!, +hour!, +minute!, +second!);
	const zoneMinutesTotal =
		sign === undefined ? 0 : (+zoneHours! * 60 + +zoneMinutes!) * (sign === '-' ? -1 : 1);
	const nanos = fraction === undefined ? 0n : BigInt(fraction.padEnd(9, '0'));
	return BigInt(utcMs - zoneMinutesTotal * 60_000) * 1_000_000n + nanos;
}

/** Writes nanoseconds since the epoch as RFC3339Nano in UTC, as a CRI log line has it. */
export function formatLogTimestamp(timestampNanos: bigint): string {
	const billion = 1_000_000_000n;
	const fraction = ((timestampNanos % billion) + billion) % billion;
	const seconds = Number((timestampNanos - fraction) / billion);
	const whole = new Date(seconds * 1000).toISOString().slice(0, -5);
	return `${whole}.${String(fraction).padStart(9, '0')}Z`;
}
