/** What one connection has to say: answers within the windows of the other end, and no faster than it reads. */
import type { Socket } from 'node:net';
import { answerHeaders, statusHeaders } from './call-headers.ts';
import {
	errorCodes,
	firstWindowBytes,
	frameFlags,
	frameHeadBytes,
	frameTypes,
	largestWindowBytes,
	resetFrame,
	usualPayloadBytes,
	writeFrameHead,
} from './frames.ts';
import { Http2ConnectionError, Http2StreamError } from './http2-error.ts';
import { messageHeadBytes } from './message-head.ts';
import type { SocketWriter } from './socket-writer.ts';
import type { WholeAnswers } from './whole-answers.ts';

/** The answer of one stream. */
export type Answer = {
	readonly stream: number;
	/** How much the other end takes; below nothing where it has taken back what was used already. */
	windowBytes: number;
	/** Nothing of it goes out any more. */
	over: boolean;
	/** Bytes on their way, oldest first, and how many of the first are gone. */
	readonly queue: Buffer[];
	firstOffset: number;
	queuedBytes: number;
	begun: boolean;
	status: { readonly code: number; readonly details: string } | undefined;
	/** Resolved when the queue is empty and the socket takes more, or when it is over. */
	room: PromiseWithResolvers<void> | undefined;
};

/** Of one connection. */
export type Sender = {
	open(stream: number): Answer;
	/**
	 * Sends a message, and with the last one that all went well.
	 * @returns what to wait for before the next; undefined: nothing. Never rejects.
	 */
	send(answer: Answer, message: Buffer, last?: boolean): Promise<void> | undefined;
	/** Ends an answer with its status. @returns what to wait for until it is sent */
	finish(answer: Answer, code: number, details: string): Promise<void> | undefined;
	/** Forgets an answer: its stream is gone. */
	drop(answer: Answer): void;
	/** The other end takes so much more. @throws Http2ConnectionError, Http2StreamError where that is too much */
	grant(answer: Answer | undefined, bytes: number): void;
	/** Its settings: the window of each stream, and its largest frame. @throws Http2ConnectionError */
	setFirstWindow(bytes: number): void;
	setMaxPayload(bytes: number): void;
};

/** So much of one answer before the next has its turn; the socket keeps about that much. */
const turnBytes = 128 * 1024;

/**
 * @param onSent called when all of an answer is on its way
 * @param needsReset whether the other end could still send on that stream
 */
export function createSender(
	socket: Socket,
	{
		put,
		wholeAnswers,
		onSent,
		needsReset,
	}: {
		/** Writes to that socket. */
		readonly put: SocketWriter;
		readonly wholeAnswers: WholeAnswers;
		readonly onSent: (answer: Answer) => void;
		readonly needsReset: (answer: Answer) => boolean;
	},
): Sender {
	const head = answerHeaders();
	const answers = new Set<Answer>();
	/** Those that have something to say and could not say it. */
	const waiting = new Set<Answer>();
	let windowBytes = firstWindowBytes;
	let firstWindow = firstWindowBytes;
	let maxPayload = usualPayloadBytes;
	let full = false;
	const usualEnd = statusHeaders(0, '', false);

	/** Puts as much of an answer as may go into one piece. @returns false where nothing may */
	function write(answer: Answer): boolean {
		const { stream, status } = answer;
		const bytes = Math.max(0, Math.min(answer.queuedBytes, answer.windowBytes, windowBytes, turnBytes));
		const ends = status !== undefined && bytes === answer.queuedBytes;
		if (bytes === 0 && !ends) return false;
		const alone = ends && !answer.begun && bytes === 0;
		const end = !ends
			? undefined
			: !alone && status.code === 0
				? usualEnd
				: statusHeaders(status.code, status.details, alone);
		const begins = !answer.begun && !alone;
		const frames = Math.ceil(bytes / maxPayload);
		const ending = end === undefined ? 0 : headerBytes(end);
		const out = Buffer.allocUnsafe(
			(begins ? headerBytes(head) : 0) + bytes + frames * frameHeadBytes + ending,
		);
		let offset = begins ? writeHeaders(out, 0, stream, head, false) : 0;
		for (let left = bytes; left > 0; ) {
			const payload = Math.min(left, maxPayload);
			offset = writeFrameHead(out, offset, payload, frameTypes.data, 0, stream);
			offset = takeQueued(answer, out, offset, payload);
			left -= payload;
		}
		if (end !== undefined) writeHeaders(out, offset, stream, end, true);
		answer.begun = true;
		answer.windowBytes -= bytes;
		windowBytes -= bytes;
		if (!put(out, out.length)) full = true;
		if (ends) finished(answer);
		return true;
	}

	/** What nearly every answer is: one message and its status, of which nothing was said before and all may be said now. */
	function writeWhole(answer: Answer, message: Buffer): boolean {
		const bytes = messageHeadBytes + message.length;
		if (full || answer.begun || waiting.size > 0 || bytes > maxPayload) return false;
		if (bytes > windowBytes || bytes > answer.windowBytes || message.length > wholeAnswers.largest)
			return false;
		windowBytes -= bytes;
		const length = wholeAnswers.fill(answer.stream, message);
		if (!put(wholeAnswers.bytes, length)) full = true;
		finished(answer);
		return true;
	}

	/** All of it is on its way. */
	function finished(answer: Answer): void {
		// The client need not send what nobody will read. Source: RFC 9113 section 8.1
		if (needsReset(answer)) {
			const reset = resetFrame(answer.stream, errorCodes.none);
			if (!put(reset, reset.length)) full = true;
		}
		close(answer);
		onSent(answer);
	}

	function headerBytes(block: Buffer): number {
		return block.length + frameHeadBytes * Math.max(1, Math.ceil(block.length / maxPayload));
	}

	/** A block in as many frames as it takes: a long status does not fit into one. */
	function writeHeaders(out: Buffer, from: number, stream: number, block: Buffer, last: boolean): number {
		let offset = from;
		for (let start = 0; start < block.length; start += maxPayload) {
			const end = Math.min(block.length, start + maxPayload);
			const flags =
				(end === block.length ? frameFlags.endHeaders : 0) | (last && start === 0 ? frameFlags.endStream : 0);
			const type = start === 0 ? frameTypes.headers : frameTypes.continuation;
			offset = writeFrameHead(out, offset, end - start, type, flags, stream);
			offset += block.copy(out, offset, start, end);
		}
		return offset;
	}

	/** Sends what may be sent, in turns. */
	function pump(): void {
		for (let progress = true; progress && !full; ) {
			progress = false;
			for (const answer of waiting) {
				if (full) break;
				if (answer.over || !write(answer)) continue;
				progress = true;
				// Whoever has had a turn is behind the others, also when the socket is full after each.
				waiting.delete(answer);
				settle(answer);
			}
		}
	}

	/** Whether it waits for something, after each try. */
	function settle(answer: Answer): void {
		if (answer.over) return;
		if (answer.queuedBytes > 0 || answer.status !== undefined) waiting.add(answer);
		else {
			waiting.delete(answer);
			if (!full) wake(answer);
		}
	}

	function push(answer: Answer): Promise<void> | undefined {
		if (answer.over) return undefined;
		if (!full && waiting.size === 0) write(answer);
		settle(answer);
		if (!full && waiting.size > 0) pump();
		if (answer.over || (!full && !waiting.has(answer))) return undefined;
		answer.room ??= Promise.withResolvers();
		return answer.room.promise;
	}

	function close(answer: Answer): void {
		answer.over = true;
		answer.queue.length = 0;
		answer.queuedBytes = 0;
		answers.delete(answer);
		waiting.delete(answer);
		wake(answer);
	}

	socket.on('drain', () => {
		full = false;
		for (const answer of answers) if (!waiting.has(answer)) wake(answer);
		pump();
	});

	return {
		open(stream) {
			const answer: Answer = {
				stream,
				windowBytes: firstWindow,
				over: false,
				queue: [],
				firstOffset: 0,
				queuedBytes: 0,
				begun: false,
				status: undefined,
				room: undefined,
			};
			answers.add(answer);
			return answer;
		},
		send(answer, message, last = false) {
			if (answer.over || answer.status !== undefined) return undefined;
			if (last && writeWhole(answer, message)) return undefined;
			if (last) answer.status = { code: 0, details: '' };
			const prefix = Buffer.allocUnsafe(messageHeadBytes);
			prefix[0] = 0;
			prefix.writeUInt32BE(message.length, 1);
			answer.queue.push(prefix, message);
			answer.queuedBytes += messageHeadBytes + message.length;
			return push(answer);
		},
		finish(answer, code, details) {
			if (answer.over || answer.status !== undefined) return answer.room?.promise;
			answer.status = { code, details };
			return push(answer);
		},
		drop: close,
		grant(answer, bytes) {
			const before = answer?.windowBytes ?? windowBytes;
			if (before + bytes > largestWindowBytes) {
				if (answer === undefined)
					throw new Http2ConnectionError(errorCodes.flowControl, 'a window too large');
				throw new Http2StreamError(errorCodes.flowControl, 'a window too large');
			}
			if (answer === undefined) windowBytes += bytes;
			else answer.windowBytes += bytes;
			if (waiting.size > 0) pump();
		},
		setFirstWindow(bytes) {
			for (const answer of answers) {
				answer.windowBytes += bytes - firstWindow;
				if (answer.windowBytes > largestWindowBytes) {
					throw new Http2ConnectionError(errorCodes.flowControl, 'a window too large');
				}
			}
			firstWindow = bytes;
			pump();
		},
		setMaxPayload(bytes) {
			// Larger frames than usual save nothing, and a turn holds several of these.
			maxPayload = Math.min(bytes, turnBytes);
		},
	};
}

function wake(answer: Answer): void {
	answer.room?.resolve();
	answer.room = undefined;
}

/** Moves bytes from an answer's queue. @returns the offset behind them */
function takeQueued(answer: Answer, out: Buffer, from: number, bytes: number): number {
	let offset = from;
	const end = from + bytes;
	while (offset < end) {
		const first = answer.queue[0] as Buffer;
		const copied = first.copy(out, offset, answer.firstOffset, answer.firstOffset + end - offset);
		offset += copied;
		answer.firstOffset += copied;
		if (answer.firstOffset < first.length) continue;
		answer.queue.shift();
		answer.firstOffset = 0;
	}
	answer.queuedBytes -= bytes;
	return offset;
}
