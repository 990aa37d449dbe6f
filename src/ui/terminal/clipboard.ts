import type { TerminalCapabilities } from '../../text/terminal-capabilities.ts';

/** The most that terminals take in one copy; xterm's limit of 100,000 base64 bytes, less the wrapping. */
export const MAX_CLIPBOARD_BYTES = 74_994;

/** GNU screen cuts longer passed-through strings off. Source: screen(1), string escapes. */
const SCREEN_CHUNK_BYTES = 512;

/**
 * The bytes that ask the terminal to put a text on the user's clipboard, through a multiplexer if there is one.
 *
 * @returns `undefined` when the text is longer than `MAX_CLIPBOARD_BYTES` in UTF-8.
 * Source: xterm ctlseqs, OSC 52; tmux(1) `allow-passthrough` and `set-clipboard`.
 */
export function clipboardSequence(
	text: string,
	multiplexer: TerminalCapabilities['multiplexer'],
): string | undefined {
	const bytes = Buffer.from(text, 'utf8');
	if (bytes.length > MAX_CLIPBOARD_BYTES) {
		return undefined;
	}
	const sequence = `\x1b]52;c;${bytes.toString('base64')}\x07`;
	if (multiplexer === 'tmux') {
		// tmux either takes the plain form for itself or lets the wrapped one through: which, its user has set.
		return `${sequence}\x1bPtmux;${sequence.replaceAll('\x1b', '\x1b\x1b')}\x1b\\`;
	}
	if (multiplexer === 'screen') {
		let wrapped = '';
		for (let start = 0; start < sequence.length; start += SCREEN_CHUNK_BYTES) {
			wrapped += `\x1bP${sequence.slice(start, start + SCREEN_CHUNK_BYTES)}\x1b\\`;
		}
		return wrapped;
	}
	return sequence;
}
