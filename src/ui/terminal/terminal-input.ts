/** A key, as the keymap knows it. */
export type KeyInput = {
	readonly kind: 'key';
	/**
	 * A single character as itself (`j`, `K`, `/`), or `space enter escape tab backspace delete insert up down
	 * left right home end pageup pagedown f1`…`f24`. With ctrl, letters are lower case.
	 */
	readonly name: string;
	readonly ctrl: boolean;
	readonly alt: boolean;
	/** Only where the name does not say it already: never with a character typed plainly or with alt. */
	readonly shift: boolean;
	/** What the key types; absent for keys that type nothing, and with ctrl or alt. */
	readonly text?: string | undefined;
};

/** Text that was pasted, not typed: it goes into a prompt or a shell and never runs a command. */
export type PasteInput = { readonly kind: 'paste'; readonly text: string };

/** What the mouse did, at a cell counted from 0. */
export type MouseInput = {
	readonly kind: 'mouse';
	readonly action: 'press' | 'release' | 'wheelUp' | 'wheelDown' | 'move';
	/** 0 left, 1 middle, 2 right, 3 none (a move without a button). */
	readonly button: number;
	readonly column: number;
	readonly row: number;
	readonly ctrl: boolean;
	readonly alt: boolean;
	readonly shift: boolean;
};

/** Anything the terminal tells us about its user. */
export type TerminalInput = KeyInput | PasteInput | MouseInput;

/**
 * The one spelling of a key, for keymaps, help and tests: `j`, `K`, `space`, `ctrl+x`, `alt+x`, `shift+tab`,
 * `ctrl+alt+shift+up`.
 */
export function keyToString(key: KeyInput): string {
	return `${key.ctrl ? 'ctrl+' : ''}${key.alt ? 'alt+' : ''}${key.shift ? 'shift+' : ''}${key.name}`;
}
