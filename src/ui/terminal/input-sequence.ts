import {
	applicationKey,
	characterKey,
	controlKey,
	decodeModifiers,
	letterKey,
	type Modifiers,
	NO_MODIFIERS,
	namedKey,
	numberKey,
} from './key-codes.ts';
import type { KeyInput, MouseInput } from './terminal-input.ts';

/** One unit of input: how many bytes it takes, and what it means, if anything. */
export type Token = {
	readonly length: number;
	readonly input?: KeyInput | MouseInput | undefined;
	/** Behind this token begins pasted text. */
	readonly startsPaste?: boolean | undefined;
};

/** Control sequences longer than this are no keys; strings longer than this are no answers to us. */
const MAX_SEQUENCE_BYTES = 128;
const MAX_STRING_BYTES = 65_536;

const ESC = 0x1b;

/**
 * Reads the unit of input that starts at `start`: a key, a mouse report, or something to be swallowed whole.
 *
 * @returns `undefined` when more bytes are needed to tell.
 * Source: xterm ctlseqs; console_codes(4); rxvt(7) "Key Codes"; kitty keyboard protocol; xterm modifyOtherKeys.
 */
export function readToken(bytes: Uint8Array, start: number): Token | undefined {
	const byte = bytes[start];
	if (byte === undefined) {
		return undefined;
	}
	if (byte === ESC) {
		return readEscape(bytes, start);
	}
	if (byte < 0x20 || byte === 0x7f) {
		return { length: 1, input: controlKey(byte, false) };
	}
	return readCharacter(bytes, start, NO_MODIFIERS);
}

function readEscape(bytes: Uint8Array, start: number): Token | undefined {
	const next = bytes[start + 1];
	if (next === undefined) {
		return undefined;
	}
	if (next === ESC) {
		const third = bytes[start + 2];
		if (third === undefined) {
			return undefined;
		}
		// rxvt and PuTTY put a second ESC before the sequence of a key held with alt; else Escape came first.
		if (third !== 0x5b && third !== 0x4f) {
			return { length: 1, input: namedKey('escape', NO_MODIFIERS) };
		}
		const inner = readEscape(bytes, start + 1);
		if (inner === undefined) {
			return undefined;
		}
		const input = inner.input?.kind === 'key' ? { ...inner.input, alt: true } : inner.input;
		return { ...inner, length: inner.length + 1, input };
	}
	if (next === 0x5b) return readControlSequence(bytes, start);
	if (next === 0x4f) return readApplicationKey(bytes, start);
	// OSC, DCS, SOS, PM, APC: answers to questions somebody asked, never keys.
	if (next === 0x5d || next === 0x50 || next === 0x58 || next === 0x5e || next === 0x5f) {
		return readString(bytes, start);
	}
	if (next < 0x20 || next === 0x7f) {
		return { length: 2, input: controlKey(next, true) };
	}
	const rest = readCharacter(bytes, start + 1, { ...NO_MODIFIERS, alt: true });
	return rest === undefined ? undefined : { ...rest, length: rest.length + 1 };
}

function readCharacter(bytes: Uint8Array, start: number, modifiers: Modifiers): Token | undefined {
	const lead = bytes[start] ?? 0;
	if (lead < 0x80) {
		return { length: 1, input: characterKey(lead, modifiers) };
	}
	const length = lead >= 0xf0 && lead < 0xf5 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc2 ? 2 : 1;
	// Lone continuation bytes are 8-bit C1 controls or rubbish: nobody types them.
	if (length === 1 || lead >= 0xf5) {
		return { length: 1 };
	}
	for (let offset = 1; offset < length; offset++) {
		const byte = bytes[start + offset];
		if (byte === undefined) {
			return undefined;
		}
		if ((byte & 0xc0) !== 0x80) {
			return { length: offset };
		}
	}
	const text = Buffer.from(bytes.subarray(start, start + length)).toString('utf8');
	const code = text.codePointAt(0) ?? 0;
	return { length, input: code === 0xfffd ? undefined : characterKey(code, modifiers) };
}

function readApplicationKey(bytes: Uint8Array, start: number): Token | undefined {
	let index = start + 2;
	// Old xterms put the modifier between "O" and the letter.
	while (isDigit(bytes[index])) index++;
	const final = bytes[index];
	if (final === undefined) {
		return undefined;
	}
	if (final < 0x20 || final > 0x7e || index - start > 4) {
		return { length: index - start };
	}
	const parameter = Buffer.from(bytes.subarray(start + 2, index)).toString('latin1');
	const modifiers = decodeModifiers(Number(parameter));
	const input = modifiers && applicationKey(String.fromCharCode(final), modifiers);
	return { length: index - start + 1, input };
}

function readString(bytes: Uint8Array, start: number): Token | undefined {
	for (let index = start + 2; index < bytes.length; index++) {
		const byte = bytes[index];
		if (byte === 0x07) return { length: index - start + 1 };
		if (byte === ESC) {
			const next = bytes[index + 1];
			if (next === undefined) return undefined;
			// Any other sequence means that this string was never ended.
			return { length: next === 0x5c ? index - start + 2 : index - start };
		}
		if (index - start >= MAX_STRING_BYTES) return { length: index - start };
	}
	return undefined;
}

function readControlSequence(bytes: Uint8Array, start: number): Token | undefined {
	let index = start + 2;
	if (bytes[index] === 0x5b) {
		// The Linux console: ESC [ [ A … E are F1 … F5.
		const letter = bytes[index + 1];
		if (letter === undefined) return undefined;
		if (letter < 0x20 || letter > 0x7e) return { length: 3 };
		const known = letter >= 0x41 && letter <= 0x45;
		return { length: 4, input: known ? namedKey(`f${letter - 0x40}`, NO_MODIFIERS) : undefined };
	}
	for (; ; index++) {
		const byte = bytes[index];
		if (byte === undefined) return undefined;
		if (index - start > MAX_SEQUENCE_BYTES) return { length: index - start };
		if (byte >= 0x20 && byte <= 0x3f) {
			// rxvt ends keys held with shift in "$", which elsewhere only stands inside answers ("?…$y").
			if (byte !== 0x24 || !isDigit(bytes[start + 2])) continue;
		} else if (byte < 0x40 || byte > 0x7e) {
			return { length: index - start };
		}
		const parameters = Buffer.from(bytes.subarray(start + 2, index)).toString('latin1');
		const final = String.fromCharCode(byte);
		const length = index - start + 1;
		if (final === 'M' && parameters === '') return readOldMouse(bytes, start);
		if (final === '~' && parameters === '200') return { length, startsPaste: true };
		return { length, input: decodeControlSequence(parameters, final) };
	}
}

function readOldMouse(bytes: Uint8Array, start: number): Token | undefined {
	if (bytes.length < start + 6) {
		return undefined;
	}
	const [code = 32, x = 33, y = 33] = bytes.subarray(start + 3, start + 6);
	const released = ((code - 32) & (3 | 32 | 64)) === 3;
	return { length: 6, input: mouse(code - 32, x - 32, y - 32, released) };
}

function decodeControlSequence(parameters: string, final: string): KeyInput | MouseInput | undefined {
	if (parameters.startsWith('<')) {
		const [code, x, y] = parameters.slice(1).split(';').map(Number);
		const wellFormed = /^<\d+;\d+;\d+$/.test(parameters) && (final === 'M' || final === 'm');
		return wellFormed ? mouse(code ?? 0, x ?? 1, y ?? 1, final === 'm') : undefined;
	}
	// Answers start with "?", ">" or "="; keys have digits only.
	if (!/^[\d;:]*$/.test(parameters)) {
		return undefined;
	}
	const fields = parameters.split(';').map((field) => field.split(':').map(Number));
	const code = fields[0]?.[0] ?? 0;
	const modifiers = decodeModifiers(fields[1]?.[0] ?? 0);
	const isRelease = fields[1]?.[1] === 3;
	if (modifiers === undefined || isRelease) {
		return undefined;
	}
	switch (final) {
		case '~':
			return code === 27 && fields.length === 3
				? characterKey(fields[2]?.[0] ?? 0, modifiers)
				: numberKey(code, modifiers);
		case 'u':
			return characterKey(code, modifiers, fields[0]?.[1] || undefined);
		case '$':
			return numberKey(code, { ...modifiers, shift: true });
		case '^':
			return numberKey(code, { ...modifiers, ctrl: true });
		case '@':
			return numberKey(code, { ...modifiers, ctrl: true, shift: true });
		case 'a':
		case 'b':
		case 'c':
		case 'd':
			return letterKey(final.toUpperCase(), { ...modifiers, shift: true });
		default:
			return letterKey(final, modifiers);
	}
}

function mouse(code: number, x: number, y: number, released: boolean): MouseInput | undefined {
	const place = {
		kind: 'mouse',
		column: Math.max(0, x - 1),
		row: Math.max(0, y - 1),
		shift: (code & 4) !== 0,
		alt: (code & 8) !== 0,
		ctrl: (code & 16) !== 0,
	} as const;
	const button = code & 3;
	if ((code & 64) !== 0) {
		// Sideways wheels (2, 3) have no use here.
		return button > 1 ? undefined : { ...place, action: button === 0 ? 'wheelUp' : 'wheelDown', button: 3 };
	}
	const action = (code & 32) !== 0 ? 'move' : released ? 'release' : 'press';
	return { ...place, action, button };
}

function isDigit(byte: number | undefined): boolean {
	return byte !== undefined && byte >= 0x30 && byte <= 0x39;
}
