import { readToken } from './input-sequence.ts';
import { characterKey, NO_MODIFIERS, namedKey } from './key-codes.ts';
import type { TerminalInput } from './terminal-input.ts';

/** Gets the bytes of one unit of input as they came, and what they mean to us, if anything. */
export type PassThroughListener = (bytes: Uint8Array, input: TerminalInput | undefined) => void;

/** Turns the bytes of a terminal into keys, pastes and mouse reports. */
export type InputParser = {
	/** Takes what has arrived. The events do not depend on how the bytes were cut into pieces. */
	push(bytes: Uint8Array): void;
	/** Says that nothing more came for a while: a lone ESC is then the Escape key. */
	flush(): void;
	/** Whether bytes wait for more, so that a flush will be due. */
	readonly pending: boolean;
	/**
	 * While set, everything goes to the listener, unit by unit, and `onInput` stays silent: for a shell in a
	 * pane, which wants the bytes, and still needs its escape chord seen.
	 */
	setPassThrough(listener: PassThroughListener | undefined): void;
};

const ESC = 0x1b;
const PASTE_END = Buffer.from('\x1b[201~');

/** A paste longer than this is delivered in parts of this size, so that it cannot fill the memory. */
const MAX_PASTE_BYTES = 1024 * 1024;

/** Builds a parser; `onInput` is called synchronously from `push` and `flush`. */
export function createInputParser(onInput: (input: TerminalInput) => void): InputParser {
	let waiting: Uint8Array = new Uint8Array(0);
	let pasting = false;
	let passThrough: PassThroughListener | undefined;

	const emit = (bytes: Uint8Array, input: TerminalInput | undefined): void => {
		if (passThrough !== undefined) {
			passThrough(bytes, input);
		} else if (input !== undefined) {
			onInput(input);
		}
	};

	const emitPaste = (bytes: Uint8Array, content: Uint8Array): void => {
		emit(bytes, { kind: 'paste', text: pastedText(content) });
	};

	/** Takes pasted text from the front of `buffer`; returns what is left to be read as keys, if it ended. */
	const readPaste = (buffer: Buffer): Buffer | undefined => {
		let rest = buffer;
		for (;;) {
			const end = rest.indexOf(PASTE_END);
			// The last bytes may be the beginning of the end mark: they are not counted yet.
			const length = end < 0 ? rest.length - PASTE_END.length + 1 : end;
			if (length > MAX_PASTE_BYTES) {
				const cut = characterBoundary(rest, MAX_PASTE_BYTES);
				emitPaste(rest.subarray(0, cut), rest.subarray(0, cut));
				rest = rest.subarray(cut);
				continue;
			}
			if (end < 0) {
				waiting = rest;
				return undefined;
			}
			pasting = false;
			emitPaste(rest.subarray(0, end + PASTE_END.length), rest.subarray(0, end));
			return rest.subarray(end + PASTE_END.length);
		}
	};

	const read = (input: Buffer): void => {
		let buffer = input;
		for (;;) {
			if (pasting) {
				const rest = readPaste(buffer);
				if (rest === undefined) {
					return;
				}
				buffer = rest;
			}
			const token = readToken(buffer, 0);
			if (token === undefined) {
				waiting = buffer;
				return;
			}
			// A listener may switch the mode: the next unit must already go the new way.
			const bytes = buffer.subarray(0, token.length);
			buffer = buffer.subarray(token.length);
			pasting = token.startsPaste === true;
			emit(bytes, token.input);
		}
	};

	return {
		push(bytes) {
			const held = waiting;
			waiting = new Uint8Array(0);
			// Always a copy: the caller's buffer may be used again while bytes wait here.
			read(Buffer.concat([held, bytes]));
		},
		flush() {
			if (pasting || waiting.length === 0) {
				return;
			}
			const held = waiting;
			const last = held[held.length - 1];
			if (held[0] === ESC && held.length === 2 && last !== ESC) {
				waiting = new Uint8Array(0);
				emit(held, characterKey(last ?? 0, { ...NO_MODIFIERS, alt: true }));
			} else if (last === ESC) {
				// Whatever came before and never ended, Escape gets the user out of it.
				waiting = new Uint8Array(0);
				const isDouble = held.length === 2;
				emit(held.subarray(0, isDouble ? 1 : held.length), namedKey('escape', NO_MODIFIERS));
				if (isDouble) {
					emit(held.subarray(1), namedKey('escape', NO_MODIFIERS));
				}
			} else if (held[0] !== ESC) {
				// Half a character that will never be whole.
				waiting = new Uint8Array(0);
				emit(held, undefined);
			}
			// A longer sequence goes on waiting: its end, come late, must not be taken for typed commands.
		},
		get pending() {
			return waiting.length > 0 && !pasting;
		},
		setPassThrough(listener) {
			passThrough = listener;
		},
	};
}

/** Pasted bytes as text for a prompt: newlines as `\n`, tabs kept, every other control character dropped. */
function pastedText(content: Uint8Array): string {
	const text = Buffer.from(content).toString('utf8');
	return text.replace(/\r\n?/g, '\n').replace(/[\x00-\x08\x0b-\x1f\x7f-\x9f]/g, '');
}

function characterBoundary(bytes: Uint8Array, limit: number): number {
	let cut = limit;
	while (cut > limit - 4 && ((bytes[cut] ?? 0) & 0xc0) === 0x80) {
		cut--;
	}
	return cut;
}
