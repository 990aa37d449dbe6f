/** From what our terminal sends to what a program in a container expects its terminal to send. */
import type { KeyInput, MouseInput, TerminalInput } from '../terminal/terminal-input.ts';

/** What the program inside has asked of its keyboard and mouse. */
export type InnerModes = {
	/** DECCKM: arrows, Home and End begin with ESC O. */
	readonly applicationCursor: boolean;
	readonly bracketedPaste: boolean;
	readonly mouse: 'none' | 'x10' | 'vt200' | 'drag' | 'any';
	/** Mouse reports in the form of mode 1006, which knows no limit. */
	readonly mouseSgr: boolean;
};

const pasteStart = '\x1b[200~';
const pasteEnd = '\x1b[201~';

/** Keys that end in a letter: `ESC [ A`, `ESC O A`, `ESC [ 1 ; 5 A`. */
const letterKeys: Readonly<Record<string, string>> = {
	up: 'A',
	down: 'B',
	right: 'C',
	left: 'D',
	end: 'F',
	home: 'H',
};

/** Function keys that are `ESC O P` and the like, in every mode. */
const functionLetters: Readonly<Record<string, string>> = { f1: 'P', f2: 'Q', f3: 'R', f4: 'S' };

/** Keys that are a number and a tilde. */
const numberKeys: Readonly<Record<string, number>> = {
	insert: 2,
	delete: 3,
	pageup: 5,
	pagedown: 6,
	f5: 15,
	f6: 17,
	f7: 18,
	f8: 19,
	f9: 20,
	f10: 21,
	f11: 23,
	f12: 24,
};

/**
 * Bytes for the program's stdin; empty where it is to hear nothing. Keys are written anew as an xterm sends them,
 * since that is what TERM says inside, whatever terminal we are on; everything else goes through as it came.
 *
 * @param bytes one unit of input from the terminal, with what it means.
 * @param origin the cell of the screen where the program's own cell 0,0 is, and how large its screen is.
 * Source: xterm ctlseqs, "PC-Style Function Keys", "Bracketed Paste Mode", "Mouse Tracking".
 */
export function inputForProgram(
	bytes: Uint8Array,
	input: TerminalInput | undefined,
	modes: InnerModes,
	area: { readonly column: number; readonly row: number; readonly columns: number; readonly rows: number },
): Uint8Array {
	if (input?.kind === 'mouse') return Buffer.from(mouseReport(input, modes, area), 'latin1');
	if (input?.kind === 'paste') return pasted(Buffer.from(bytes), modes);
	const raw = Buffer.from(bytes);
	if (input === undefined) return raw.toString('latin1') === pasteStart && !modes.bracketedPaste ? none : raw;
	const sequence = keySequence(input, modes);
	return sequence === undefined ? raw : Buffer.from(sequence, 'latin1');
}

const none = new Uint8Array(0);

function pasted(raw: Buffer, modes: InnerModes): Uint8Array {
	if (modes.bracketedPaste || !raw.toString('latin1').endsWith(pasteEnd)) return raw;
	return raw.subarray(0, raw.length - pasteEnd.length);
}

function keySequence(key: KeyInput, modes: InnerModes): string | undefined {
	const modifier = 1 + (key.shift ? 1 : 0) + (key.alt ? 2 : 0) + (key.ctrl ? 4 : 0);
	const letter = letterKeys[key.name];
	if (letter !== undefined) {
		if (modifier > 1) return `\x1b[1;${modifier}${letter}`;
		return modes.applicationCursor ? `\x1bO${letter}` : `\x1b[${letter}`;
	}
	const functionLetter = functionLetters[key.name];
	if (functionLetter !== undefined) {
		return modifier > 1 ? `\x1b[1;${modifier}${functionLetter}` : `\x1bO${functionLetter}`;
	}
	const number = numberKeys[key.name];
	if (number !== undefined) return modifier > 1 ? `\x1b[${number};${modifier}~` : `\x1b[${number}~`;
	return undefined;
}

function mouseReport(
	mouse: MouseInput,
	modes: InnerModes,
	area: { readonly column: number; readonly row: number; readonly columns: number; readonly rows: number },
): string {
	const column = mouse.column - area.column;
	const row = mouse.row - area.row;
	const inside = column >= 0 && row >= 0 && column < area.columns && row < area.rows;
	if (modes.mouse === 'none' || !inside) return '';
	const { action } = mouse;
	if (action === 'move' && (modes.mouse === 'x10' || modes.mouse === 'vt200')) return '';
	if (action === 'release' && modes.mouse === 'x10') return '';
	const wheel = action === 'wheelUp' ? 64 : action === 'wheelDown' ? 65 : undefined;
	const modifiers = (mouse.shift ? 4 : 0) + (mouse.alt ? 8 : 0) + (mouse.ctrl ? 16 : 0);
	const button = (wheel ?? mouse.button) + modifiers + (action === 'move' ? 32 : 0);
	if (modes.mouseSgr) return `\x1b[<${button};${column + 1};${row + 1}${action === 'release' ? 'm' : 'M'}`;
	// The old form has one byte a number, and no way to say which button was released.
	if (column > 222 || row > 222) return '';
	const code = action === 'release' ? 3 + modifiers : button;
	return `\x1b[M${String.fromCharCode(32 + code, 33 + column, 33 + row)}`;
}
