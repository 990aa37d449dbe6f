/** The terminal that a program in a container believes it is on. */
import type { Terminal } from '@xterm/headless';
import type { TerminalScreen } from '../store/slices/shell.ts';
import type { InnerModes } from './shell-input.ts';
import { bufferLines } from './terminal-cells.ts';
import { setOurWidths } from './terminal-widths.ts';

type Size = { readonly columns: number; readonly rows: number };

/** An emulator without a window: bytes in, a screen and answers out. */
export type TerminalEmulator = Disposable & {
	/** Takes output of the program; `done` is called when it is on the screen. */
	readonly write: (bytes: Uint8Array, done?: () => void) => void;
	readonly resize: (size: Size) => void;
	readonly screen: () => TerminalScreen;
	/** What the program has asked its keyboard to be. */
	readonly modes: () => InnerModes;
	/** Looks back (negative) or forward by lines; what arrives meanwhile does not move the view. */
	readonly scroll: (lines: number) => void;
	readonly scrollToEnd: () => void;
};

/** Number of the OSC sequence by which our own wrapper in the container speaks to us. */
export const noteCode = 7777;

/** Lines kept above the screen; at 200 columns they take 5 MB. */
const scrollbackLines = 2_000;

/**
 * Makes an emulator. The library is loaded when the first one is made, not at start.
 *
 * @param options.onReply answers to questions of the program (where is the cursor, what are you): they go to its stdin.
 * @param options.newlineReturns a bare newline also returns to the first column: for output that no tty has treated.
 */
export async function createTerminalEmulator(
	options: Size & {
		readonly onReply: (reply: string) => void;
		readonly newlineReturns?: boolean | undefined;
		/** What arrives in an OSC sequence of `noteCode`, which no terminal knows: it never shows on the screen. */
		readonly onNote?: ((text: string) => void) | undefined;
	},
): Promise<TerminalEmulator> {
	const { default: headless } = await import('@xterm/headless');
	const terminal: Terminal = new headless.Terminal({
		cols: options.columns,
		rows: options.rows,
		scrollback: scrollbackLines,
		allowProposedApi: true,
		convertEol: options.newlineReturns ?? false,
		// It would print its complaints about odd sequences over the screen.
		logLevel: 'off',
	});
	setOurWidths(terminal.unicode);
	terminal.onData(options.onReply);
	terminal.parser.registerOscHandler(noteCode, (text) => {
		options.onNote?.(text);
		return true;
	});
	const followed = followModes(terminal);
	return {
		write: (bytes, done) => terminal.write(bytes, done),
		resize: ({ columns, rows }) => terminal.resize(columns, rows),
		screen() {
			const buffer = terminal.buffer.active;
			const { cols: columns, rows } = terminal;
			const linesBelow = buffer.baseY - buffer.viewportY;
			return {
				lines: bufferLines(buffer, buffer.viewportY, { columns, rows }),
				cursor:
					linesBelow > 0 || followed.cursorHidden()
						? undefined
						: { column: Math.min(columns - 1, buffer.cursorX), row: Math.min(rows - 1, buffer.cursorY) },
				linesBelow,
			};
		},
		modes: () => ({
			applicationCursor: terminal.modes.applicationCursorKeysMode,
			bracketedPaste: terminal.modes.bracketedPasteMode,
			mouse: terminal.modes.mouseTrackingMode,
			mouseSgr: followed.mouseSgr(),
		}),
		scroll: (lines) => terminal.scrollLines(lines),
		scrollToEnd: () => terminal.scrollToBottom(),
		[Symbol.dispose]: () => terminal.dispose(),
	};
}

/** Keeps track of two modes that the library does not tell. Source: xterm ctlseqs, DECSET 25 and 1006, RIS, DECSTR. */
function followModes({ parser }: Terminal): {
	readonly cursorHidden: () => boolean;
	readonly mouseSgr: () => boolean;
} {
	let cursorHidden = false;
	let mouseSgr = false;
	for (const [final, on] of [['h', true] as const, ['l', false] as const]) {
		parser.registerCsiHandler({ prefix: '?', final }, (parameters) => {
			if (parameters.includes(25)) cursorHidden = !on;
			if (parameters.includes(1006)) mouseSgr = on;
			// The library does its own part.
			return false;
		});
	}
	const reset = () => {
		cursorHidden = false;
		mouseSgr = false;
		return false;
	};
	parser.registerEscHandler({ final: 'c' }, reset);
	parser.registerCsiHandler({ intermediates: '!', final: 'p' }, reset);
	return { cursorHidden: () => cursorHidden, mouseSgr: () => mouseSgr };
}
