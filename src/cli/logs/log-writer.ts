/** Writes the pieces of a log: byte for byte into a pipe or a file, made harmless onto a terminal. */
import { tryParseLogTimestamp } from '../../node/logs/physical-line.ts';
import type { LogPiece } from '../../node/logs/piece-splitter.ts';
import { sgrParameters, skipSequence } from '../../text/escape-sequence.ts';
import { sanitizeLine } from '../../text/sanitize.ts';
import { print } from '../output/print.ts';
import type { VerbContext } from '../verb.ts';

type StreamName = LogPiece['stream'];

/** What is written of the pieces. */
export type LogWriterOptions = {
	readonly timestamps: boolean;
	/** Older lines are left out; those without a time go with the line before. */
	readonly sinceNanos?: bigint | undefined;
	/** Bytes of output after which nothing more is written. */
	readonly limitBytes?: number | undefined;
	/** Only this stream. */
	readonly stream?: StreamName | undefined;
};

/** Writes pieces in order; stderr's go to stderr. */
export type LogWriter = {
	/** @throws ReaderGoneError, Error as `print`. */
	write(pieces: readonly LogPiece[]): Promise<void>;
	/** True once the limit is reached. */
	readonly isFull: () => boolean;
};

const newline = Buffer.from('\n');

/** As crictl prints times: nine digits of a second, and Z where the clock is UTC. */
function fixedStamp(stampText: string): string {
	return stampText
		.replace(
			/^(.{19})(?:\.(\d{1,9}))?/u,
			(_all, seconds: string, fraction = '') => `${seconds}.${fraction.padEnd(9, '0')}`,
		)
		.replace(/[+-]00:00$/u, 'Z');
}

/**
 * A line of a log fit for the terminal: colours stay, unless they hide what is written; every other sequence goes, and
 * control characters become visible.
 */
export function terminalLogText(text: string, colour: boolean): string {
	if (/^[\x20-\x7e]*$/u.test(text)) return text;
	let shown = '';
	let from = 0;
	let coloured = false;
	const plain = (to: number) => text.slice(from, to).split('\t').map(sanitizeLine).join('\t');
	for (let at = text.search(/[\x1b\x9b]/u); at >= 0; ) {
		shown += plain(at);
		from = skipSequence(text, at);
		const parameters = sgrParameters(text, at, from);
		// 8 conceals: a log has nothing to hide from who reads it.
		if (colour && parameters !== undefined && !/(?:^|[;:])0*8(?:[;:]|$)/u.test(parameters)) {
			shown += `\x1b[${parameters}m`;
			coloured = true;
		}
		const next = text.slice(from).search(/[\x1b\x9b]/u);
		at = next < 0 ? -1 : from + next;
	}
	return `${shown}${plain(text.length)}${coloured ? '\x1b[0m' : ''}`;
}

/** Makes a writer. One `write` at a time. */
export function createLogWriter(
	options: LogWriterOptions,
	context: Pick<VerbContext, 'stdout' | 'stderr' | 'stdoutIsTerminal' | 'terminalSize' | 'env'>,
): LogWriter {
	const { sinceNanos, timestamps } = options;
	let leftBytes = options.limitBytes ?? Number.POSITIVE_INFINITY;
	let isNewEnough = sinceNanos === undefined;
	const isMiddle: Record<StreamName, boolean> = { stdout: false, stderr: false };
	const decoders = { stdout: new TextDecoder(), stderr: new TextDecoder() };
	const isTerminal = {
		stdout: context.stdoutIsTerminal,
		stderr: context.terminalSize() !== undefined,
	};
	const colour = !context.env['NO_COLOR'];

	function isWanted({ stampText, stream }: LogPiece): boolean {
		if (sinceNanos !== undefined && stampText !== undefined) {
			const nanos = tryParseLogTimestamp(stampText);
			if (nanos !== undefined) isNewEnough = nanos >= sinceNanos;
		}
		return isNewEnough && (options.stream === undefined || options.stream === stream);
	}

	/** The bytes of a piece, as many as the limit leaves. */
	function take(piece: LogPiece): readonly Buffer[] {
		const { stream, stampText, content, partial } = piece;
		const stamp =
			timestamps && !isMiddle[stream] && stampText !== undefined ? `${fixedStamp(stampText)} ` : '';
		isMiddle[stream] = partial;
		const parts = [Buffer.from(stamp), content, ...(partial ? [] : [newline])];
		return parts.map((part) => {
			const kept = part.subarray(0, leftBytes);
			leftBytes -= kept.length;
			return kept;
		});
	}

	function terminalText(parts: readonly Buffer[], { stream, partial }: LogPiece): Buffer {
		const ends = !partial && parts.at(-1)?.length === 1;
		const bytes = Buffer.concat(ends ? parts.slice(0, -1) : parts);
		const text = decoders[stream].decode(bytes, { stream: !ends });
		return Buffer.from(
			`${terminalLogText(ends ? text.replace(/\r$/u, '') : text, colour)}${ends ? '\n' : ''}`,
		);
	}

	return {
		isFull: () => leftBytes <= 0,
		async write(pieces) {
			let batch: Buffer[] = [];
			let batchStream: StreamName = 'stdout';
			const flush = async (): Promise<void> => {
				const bytes = Buffer.concat(batch);
				batch = [];
				await print({ stdout: context[batchStream] }, bytes);
			};
			for (const piece of pieces) {
				if (leftBytes <= 0) break;
				if (!isWanted(piece)) continue;
				// In the order they were written, also where both end in one pipe.
				if (piece.stream !== batchStream) await flush();
				batchStream = piece.stream;
				const parts = take(piece);
				if (isTerminal[piece.stream]) batch.push(terminalText(parts, piece));
				else batch.push(...parts);
			}
			await flush();
		},
	};
}
