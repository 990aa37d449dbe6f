import type { KeyInput } from './terminal-input.ts';

/** Modifiers held with a key. */
export type Modifiers = { readonly ctrl: boolean; readonly alt: boolean; readonly shift: boolean };

/** No modifier held. */
export const NO_MODIFIERS: Modifiers = { ctrl: false, alt: false, shift: false };

/**
 * Reads the modifier parameter of a key sequence.
 *
 * @returns `undefined` for chords with super or hyper: they belong to the desktop, not to us.
 * Source: xterm ctlseqs "PC-Style Function Keys"; kitty keyboard protocol, "Modifiers".
 */
export function decodeModifiers(parameter: number): Modifiers | undefined {
	const bits = Math.max(0, parameter - 1);
	if ((bits & (8 | 16)) !== 0) {
		return undefined;
	}
	return { shift: (bits & 1) !== 0, alt: (bits & (2 | 32)) !== 0, ctrl: (bits & 4) !== 0 };
}

/** Keys by the letter that ends `ESC [` or `ESC O`. */
const BY_LETTER: Readonly<Record<string, string>> = {
	A: 'up',
	B: 'down',
	C: 'right',
	D: 'left',
	F: 'end',
	H: 'home',
	P: 'f1',
	Q: 'f2',
	R: 'f3',
	S: 'f4',
};

/** Keys by the number before `~`, in xterm, the Linux console and rxvt. */
const BY_NUMBER: Readonly<Record<number, string>> = {
	1: 'home',
	2: 'insert',
	3: 'delete',
	4: 'end',
	5: 'pageup',
	6: 'pagedown',
	7: 'home',
	8: 'end',
	11: 'f1',
	12: 'f2',
	13: 'f3',
	14: 'f4',
	15: 'f5',
	17: 'f6',
	18: 'f7',
	19: 'f8',
	20: 'f9',
	21: 'f10',
	23: 'f11',
	24: 'f12',
	25: 'f13',
	26: 'f14',
	28: 'f15',
	29: 'f16',
	31: 'f17',
	32: 'f18',
	33: 'f19',
	34: 'f20',
};

/** The keypad in application mode, by the letter behind `ESC O`. */
const KEYPAD: Readonly<Record<string, string>> = {
	' ': ' ',
	I: '\t',
	M: '\r',
	X: '=',
	j: '*',
	k: '+',
	l: ',',
	m: '-',
	n: '.',
	o: '/',
};

/** Keys of the kitty protocol that have no code point of their own. */
const KITTY_NAMES: Readonly<Record<number, string>> = {
	57414: 'enter',
	57417: 'left',
	57418: 'right',
	57419: 'up',
	57420: 'down',
	57421: 'pageup',
	57422: 'pagedown',
	57423: 'home',
	57424: 'end',
	57425: 'insert',
	57426: 'delete',
};

const KITTY_KEYPAD = '0123456789./*-+';

/** A key that has a name; such keys keep shift as a modifier. */
export function namedKey(name: string, modifiers: Modifiers): KeyInput {
	return { kind: 'key', name, ...modifiers };
}

/** The key behind the final letter of `ESC [ … X`, if it is one. */
export function letterKey(letter: string, modifiers: Modifiers): KeyInput | undefined {
	if (letter === 'Z') {
		return namedKey('tab', { ...modifiers, shift: true });
	}
	const name = BY_LETTER[letter];
	return name === undefined ? undefined : namedKey(name, modifiers);
}

/** The key behind `ESC [ number ~`, if it is one. */
export function numberKey(number: number, modifiers: Modifiers): KeyInput | undefined {
	const name = BY_NUMBER[number];
	return name === undefined ? undefined : namedKey(name, modifiers);
}

/** The key behind `ESC O X`: cursor keys in application mode, F1 to F4, the keypad, rxvt's ctrl+arrows. */
export function applicationKey(letter: string, modifiers: Modifiers): KeyInput | undefined {
	if (letter >= 'a' && letter <= 'd') {
		return letterKey(letter.toUpperCase(), { ...modifiers, ctrl: true });
	}
	if (letter >= 'p' && letter <= 'y') {
		return characterKey(letter.charCodeAt(0) - 0x70 + 0x30, modifiers);
	}
	const keypad = KEYPAD[letter];
	return keypad === undefined
		? letterKey(letter === 'Z' ? '' : letter, modifiers)
		: characterKey(keypad.charCodeAt(0), modifiers);
}

/**
 * The key of a code point, as typed or as the kitty and modifyOtherKeys encodings report it.
 *
 * @param shifted what shift makes of the key, where the terminal says so.
 * @returns `undefined` for keys we have no use for (volume, lone modifiers).
 */
export function characterKey(code: number, modifiers: Modifiers, shifted?: number): KeyInput | undefined {
	if (code === 13 || code === 10) return namedKey('enter', modifiers);
	if (code === 9) return namedKey('tab', modifiers);
	if (code === 27) return namedKey('escape', modifiers);
	if (code === 127 || code === 8) return namedKey('backspace', modifiers);
	const { ctrl, alt, shift } = modifiers;
	if (code === 32) {
		const key = namedKey('space', modifiers);
		return ctrl || alt ? key : { ...key, shift: false, text: ' ' };
	}
	if (code >= 0xe000 && code <= 0xf8ff) {
		return kittyKey(code, modifiers);
	}
	if (code < 32 || (code >= 0x7f && code < 0xa0) || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) {
		return undefined;
	}
	const character = String.fromCodePoint(code);
	if (ctrl) {
		const lower = character.toLowerCase();
		return namedKey(lower, { ctrl, alt, shift: shift || lower !== character });
	}
	const typed = !shift ? character : shifted !== undefined ? safeCharacter(shifted) : upper(character);
	const key: KeyInput = { kind: 'key', name: typed, ctrl, alt, shift: false };
	return alt ? key : { ...key, text: typed };
}

function kittyKey(code: number, modifiers: Modifiers): KeyInput | undefined {
	if (code >= 57399 && code < 57399 + KITTY_KEYPAD.length) {
		const character = KITTY_KEYPAD[code - 57399];
		return character === undefined ? undefined : characterKey(character.charCodeAt(0), modifiers);
	}
	if (code >= 57376 && code <= 57387) {
		return namedKey(`f${code - 57376 + 13}`, modifiers);
	}
	const name = KITTY_NAMES[code];
	return name === undefined ? undefined : namedKey(name, modifiers);
}

function safeCharacter(code: number): string {
	return code >= 0x20 && code <= 0x10ffff ? String.fromCodePoint(code) : '?';
}

function upper(character: string): string {
	const result = character.toUpperCase();
	// "ß" becomes two letters: no key types that.
	return [...result].length === 1 ? result : character;
}

/** The key of a C0 control byte or DEL. Line feed counts as Enter: scripts and dumb terminals send it. */
export function controlKey(byte: number, alt: boolean): KeyInput | undefined {
	const modifiers = { ctrl: false, alt, shift: false };
	if (byte === 0) return namedKey('space', { ...modifiers, ctrl: true });
	if (byte === 8 || byte === 9 || byte === 10 || byte === 13 || byte === 27 || byte === 127) {
		return characterKey(byte, modifiers);
	}
	const character = byte < 27 ? String.fromCharCode(byte + 0x60) : String.fromCharCode(byte + 0x40);
	return namedKey(character, { ...modifiers, ctrl: true });
}
