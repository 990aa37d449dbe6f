import { type LogFormat, parsePhysicalLine } from './physical-line.ts';

/**
 * Content of one physical line, or of a part of a very long one, byte for byte as the container wrote it.
 * Valid as long as nobody writes into it: a view of what was read.
 */
export type LogPiece = {
	/** RFC3339Nano as it stands in the file; undefined for what is no log line. */
	readonly stampText: string | undefined;
	/** What is no log line counts as stdout. */
	readonly stream: 'stdout' | 'stderr';
	readonly content: Buffer;
	/** No newline belongs behind it: the line goes on in a later piece of the same stream. */
	readonly partial: boolean;
};

/** Bytes of one physical line kept until its end comes. Docker's JSON lines are parsed whole, and escaping makes 16 KiB six times as long. */
const longestKeptBytes = 1 << 20;

/** Turns the bytes of a segment, cut anywhere, into pieces. Memory: 1 MiB beside the chunk. */
export type PieceSplitter = {
	push(chunk: Buffer, format: LogFormat): readonly LogPiece[];
	/** Nothing more comes: what is left of a line without an end. */
	finish(format: LogFormat): readonly LogPiece[];
};

/** Makes a splitter. Synchronous. */
export function createPieceSplitter(): PieceSplitter {
	let carry: Buffer = Buffer.alloc(0);
	/** The physical line is longer than what is kept: the rest of it is content. */
	let open: Omit<LogPiece, 'content'> | undefined;

	function pieceOf(bytes: Buffer, from: number, to: number, format: LogFormat): LogPiece {
		const line = parsePhysicalLine(bytes, from, to, format);
		return {
			stampText: line.stampText,
			stream: line.stream ?? 'stdout',
			content: line.decoded ?? bytes.subarray(line.contentStart, line.contentEnd),
			partial: line.partial,
		};
	}

	return {
		push(chunk, format) {
			const pieces: LogPiece[] = [];
			let from = 0;
			let bytes = chunk;
			if (open) {
				const newline = chunk.indexOf(10);
				if (newline < 0) return [{ ...open, content: chunk, partial: true }];
				pieces.push({ ...open, content: chunk.subarray(0, newline) });
				open = undefined;
				from = newline + 1;
			} else if (carry.length > 0) {
				bytes = Buffer.concat([carry, chunk]);
			}
			for (let newline = bytes.indexOf(10, from); newline >= 0; newline = bytes.indexOf(10, from)) {
				pieces.push(pieceOf(bytes, from, newline, format));
				from = newline + 1;
			}
			carry = bytes.subarray(from);
			if (carry.length <= longestKeptBytes) return pieces;
			const piece = pieceOf(carry, 0, carry.length, format);
			open = { stampText: piece.stampText, stream: piece.stream, partial: piece.partial };
			carry = Buffer.alloc(0);
			return [...pieces, { ...piece, partial: true }];
		},
		finish(format) {
			const left = carry;
			carry = Buffer.alloc(0);
			open = undefined;
			return left.length === 0 ? [] : [{ ...pieceOf(left, 0, left.length, format), partial: true }];
		},
	};
}
