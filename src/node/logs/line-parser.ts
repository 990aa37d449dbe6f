import { type LogFormat, type PhysicalLine, parsePhysicalLine } from './physical-line.ts';

/**
 * A joined line, in bytes of its segment. Lines come in the order in which they end, because only that order
 * can be read from any place: `start` is the last physical line it is made of.
 */
export type RawLine = {
	readonly start: number;
	readonly end: number;
	readonly stampText: string | undefined;
	readonly stream: 'stdout' | 'stderr';
	/** Bytes within the limit; valid only during the call, for it may be a view of a buffer that is reused. */
	readonly content: Buffer;
	readonly truncatedBytes: number;
	/** The segment ends before the line does; then `start` and `end` are where its complete lines end. */
	readonly unfinished: boolean;
};

/** What a parser does with what it finds. */
export type LineParserOptions = {
	readonly format: LogFormat;
	/** Bytes of content kept of one line. */
	readonly limitBytes: number;
	/** Offset of the first byte that will be pushed; must be the start of a physical line. */
	readonly at: number;
	/** Returns false to stop: the rest of the chunk and all later ones are ignored. */
	readonly onLine: (line: RawLine) => boolean;
	/** Every physical line that ends in a newline, before it is joined. */
	readonly onPhysical?: ((start: number, line: PhysicalLine) => void) | undefined;
};

/** Turns chunks of a segment, cut anywhere, into lines. Memory: the limit, once per stream and once more. */
export type LineParser = {
	push(chunk: Buffer): void;
	/** The segment ends here: gives the unfinished lines. */
	finish(): void;
	/** Nothing is held back: the next byte starts a physical line and no partial is open. */
	isIdle(): boolean;
	/** Lets the parser pass over bytes that somebody else took care of; only when idle. */
	skip(bytes: number): void;
	readonly stopped: () => boolean;
	/** Where the next line starts, and where parsing would have to begin to go on there. */
	readonly joinPoint: () => JoinPoint;
};

/** A place, and the start of the earliest partial that is open there (the place itself when none is). */
export type JoinPoint = { readonly at: number; readonly from: number };

/** Content kept so far of a line in the making. */
type Pending = {
	readonly pieces: Buffer[];
	kept: number;
	total: number;
	stampText: string | undefined;
	/** Offset of its first physical line. */
	readonly start: number;
};

/** Room for the prefix, so that a line at the limit keeps all its content. */
const prefixRoom = 256;
/** JSON lines are parsed whole. Docker cuts at 16 KiB of content, which escaping makes six times as long. */
const jsonRoom = 1 << 20;

/** Makes a parser; see {@link LineParserOptions}. Synchronous and for one reader. */
export function createLineParser(options: LineParserOptions): LineParser {
	const { format, limitBytes, onLine } = options;
	const lineRoom = format === 'cri' ? limitBytes + prefixRoom : Math.max(limitBytes + prefixRoom, jsonRoom);
	const chains: { stdout: Pending | undefined; stderr: Pending | undefined } = {
		stdout: undefined,
		stderr: undefined,
	};
	let carry: Pending | undefined;
	let lineStart = options.at;
	let at = options.at;
	let stopped = false;

	function emit(pending: Pending, stream: RawLine['stream'], end: number, unfinished: boolean): void {
		if (stopped) return;
		const whole = pending.pieces.length === 1 ? pending.pieces[0]! : Buffer.concat(pending.pieces);
		const kept = cutAtCharacter(whole, limitBytes);
		const complete = kept.length === pending.total;
		stopped = !onLine({
			start: lineStart,
			end,
			stampText: pending.stampText,
			stream,
			content: complete ? withoutReturn(kept) : kept,
			truncatedBytes: pending.total - kept.length,
			unfinished,
		});
	}

	/** `lost` bytes of the line were not kept. */
	function takeLine(buffer: Buffer, from: number, to: number, lost: number, end: number): void {
		const line = parsePhysicalLine(buffer, from, to, format);
		options.onPhysical?.(lineStart, line);
		const content = line.decoded ?? buffer.subarray(line.contentStart, line.contentEnd);
		const chain = line.stream === undefined ? undefined : chains[line.stream];
		if (line.stream !== undefined && line.partial) {
			const open = chain ?? newPending(line.stampText, lineStart);
			// Partials outlive the chunk they came in.
			keep(open, content, lost, limitBytes + 1, true);
			chains[line.stream] = open;
		} else if (chain !== undefined && line.stream !== undefined) {
			keep(chain, content, lost, limitBytes + 1, false);
			chains[line.stream] = undefined;
			emit(chain, line.stream, end, false);
		} else {
			const single = newPending(line.stampText, lineStart);
			keep(single, content, lost, Number.POSITIVE_INFINITY, false);
			emit(single, line.stream ?? 'stdout', end, false);
		}
		lineStart = end;
	}

	function push(chunk: Buffer): void {
		let from = 0;
		const base = at;
		while (!stopped) {
			const newline = chunk.indexOf(10, from);
			if (newline < 0) break;
			const end = base + newline + 1;
			if (carry === undefined) {
				takeLine(chunk, from, newline, 0, end);
			} else {
				keep(carry, chunk.subarray(from, newline), 0, lineRoom, false);
				const whole = Buffer.concat(carry.pieces);
				const lost = carry.total - whole.length;
				carry = undefined;
				takeLine(whole, 0, whole.length, lost, end);
			}
			from = newline + 1;
		}
		at = base + chunk.length;
		if (stopped || from >= chunk.length) return;
		carry ??= newPending(undefined, lineStart);
		keep(carry, chunk.subarray(from), 0, lineRoom, true);
	}

	function finish(): void {
		const end = lineStart;
		if (carry !== undefined) {
			const whole = Buffer.concat(carry.pieces);
			const lost = carry.total - whole.length;
			const line = parsePhysicalLine(whole, 0, whole.length, format);
			const content = line.decoded ?? whole.subarray(line.contentStart, line.contentEnd);
			const stream = line.stream ?? 'stdout';
			const open = (line.stream && chains[line.stream]) ?? newPending(line.stampText, lineStart);
			keep(open, content, lost, limitBytes + 1, false);
			// A foreign line is no part of the stream's own open line: that one comes first.
			if (line.stream === undefined && chains.stdout !== undefined) emit(chains.stdout, 'stdout', end, true);
			chains[stream] = open;
			carry = undefined;
		}
		for (const stream of ['stdout', 'stderr'] as const) {
			const open = chains[stream];
			chains[stream] = undefined;
			if (open !== undefined) emit(open, stream, end, true);
		}
	}

	return {
		push,
		finish,
		isIdle: () => carry === undefined && chains.stdout === undefined && chains.stderr === undefined,
		skip: (bytes) => {
			at += bytes;
			lineStart = at;
		},
		stopped: () => stopped,
		joinPoint: () => ({
			at: lineStart,
			from: Math.min(lineStart, chains.stdout?.start ?? lineStart, chains.stderr?.start ?? lineStart),
		}),
	};
}

function newPending(stampText: string | undefined, start: number): Pending {
	return { pieces: [], kept: 0, total: 0, stampText, start };
}

/** Adds bytes to a pending line, as many as there is room for; `lost` more were never kept. */
function keep(pending: Pending, bytes: Buffer, lost: number, room: number, copy: boolean): void {
	const wanted = Math.min(bytes.length, Math.max(0, room - pending.kept));
	pending.total += bytes.length + lost;
	if (wanted === 0 && pending.pieces.length > 0) return;
	const piece = wanted === bytes.length ? bytes : bytes.subarray(0, wanted);
	pending.pieces.push(copy ? Buffer.from(piece) : piece);
	pending.kept += wanted;
}

/** Cuts bytes to a limit without leaving half a UTF-8 character behind. A view, not a copy. */
export function cutAtCharacter(bytes: Buffer, limitBytes: number): Buffer {
	if (bytes.length <= limitBytes) return bytes;
	let end = limitBytes;
	// Back over at most three continuation bytes (10xxxxxx); binary content may have nothing else.
	while (end > limitBytes - 3 && end > 0 && (bytes[end]! & 0xc0) === 0x80) end -= 1;
	return bytes.subarray(0, (bytes[end]! & 0xc0) === 0x80 ? limitBytes : end);
}

/** A CR at the very end belongs to the line ending a terminal wrote, not to the content. */
function withoutReturn(bytes: Buffer): Buffer {
	return bytes.length > 0 && bytes[bytes.length - 1] === 13 ? bytes.subarray(0, -1) : bytes;
}
