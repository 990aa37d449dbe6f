import type { TerminalCapabilities } from '../../text/terminal-capabilities.ts';

type ModeCapabilities = Pick<
	TerminalCapabilities,
	'alternateScreen' | 'bracketedPaste' | 'mouse' | 'cursorAddressing' | 'synchronized'
>;

/** Reports presses, wheel and drags, with coordinates of any size. Source: xterm ctlseqs, "Mouse Tracking". */
const MOUSE_ON = '\x1b[?1000h\x1b[?1002h\x1b[?1006h';
const MOUSE_OFF = '\x1b[?1006l\x1b[?1002l\x1b[?1000l';

/** Switches the mouse on or off; empty where the terminal has none. */
export function mouseSequence(capabilities: ModeCapabilities, on: boolean): string {
	return capabilities.mouse ? (on ? MOUSE_ON : MOUSE_OFF) : '';
}

/**
 * What is written when the inspector takes the screen: the alternate screen, no wrapping at the right edge (so
 * that no character, however wide, ever scrolls), cursor hidden, pastes marked, mouse if wanted. Title, palette
 * and cursor shape are the user's and stay.
 */
export function enterSequence(capabilities: ModeCapabilities, mouse: boolean): string {
	if (!capabilities.cursorAddressing) {
		return '';
	}
	return [
		capabilities.alternateScreen ? '\x1b[?1049h' : '',
		'\x1b[m\x1b[H\x1b[2J\x1b[?7l\x1b[?25l',
		capabilities.bracketedPaste ? '\x1b[?2004h' : '',
		mouse ? mouseSequence(capabilities, true) : '',
	].join('');
}

/**
 * What is written when it gives the screen back: the same in reverse. Without an alternate screen the last
 * frame stays, and the shell's prompt comes below it.
 *
 * @param rows height of the screen.
 */
export function leaveSequence(capabilities: ModeCapabilities, rows: number): string {
	if (!capabilities.cursorAddressing) {
		return '';
	}
	return [
		capabilities.synchronized ? '\x1b[?2026l' : '',
		// Whether it is on or not: a mouse left on fills the shell with rubbish.
		mouseSequence(capabilities, false),
		capabilities.bracketedPaste ? '\x1b[?2004l' : '',
		'\x1b[m\x1b[?25h\x1b[?7h',
		capabilities.alternateScreen ? '\x1b[?1049l' : `\x1b[${rows}H\r\n`,
	].join('');
}
