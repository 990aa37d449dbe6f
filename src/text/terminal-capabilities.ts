/** How many colours may be used. */
export type ColorDepth = 'none' | '16' | '256' | 'truecolor';

/** What the terminal at the other end can be trusted with. */
export type TerminalCapabilities = {
	/** The value of TERM, `dumb` when there is none. */
	readonly term: string;
	readonly colors: ColorDepth;
	/** False: only ASCII is written, frames and bullets included. */
	readonly unicode: boolean;
	/** Whether mode 2026 brackets a paint, so that no half-drawn frame is ever shown. */
	readonly synchronized: boolean;
	/** False: the screen is cleared at the start and left standing at the end. */
	readonly alternateScreen: boolean;
	readonly mouse: boolean;
	readonly bracketedPaste: boolean;
	/** Whether copying by OSC 52 has a chance. */
	readonly osc52: boolean;
	/** Whether curly, dotted and dashed underlines (`4:3`) are understood; else they become plain ones. */
	readonly styledUnderline: boolean;
	/** The multiplexer in between, which needs sequences meant for the outer terminal to be wrapped. */
	readonly multiplexer: 'none' | 'tmux' | 'screen';
	/** Whether cursor addressing works at all; without it only the linear mode makes sense. */
	readonly cursorAddressing: boolean;
};

/** Environment variables by name, as `process.env` has them. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Terminal families that follow xterm closely enough for everything we write. */
const XTERM_LIKE =
	/^(xterm|alacritty|foot|ghostty|wezterm|konsole|gnome|vte|iterm|contour|rio|st|mintty|putty|rxvt|eterm|mlterm|ms-terminal)/;

/** Terminals whose name alone promises 24-bit colour. */
const TRUE_COLOR_TERMS = /^(xterm-kitty|xterm-ghostty|ghostty|alacritty|foot|wezterm|contour|rio)|-direct/;

/**
 * What the terminal can do, judged by the environment alone: no terminfo (nodes often lack the entry) and no
 * question to the terminal (an answer over a slow line would arrive as typed keys).
 *
 * @param isTty whether the output is a terminal; if not, the answer is the plainest one.
 * Source: no-color.org; xterm ctlseqs; tmux(1) and screen(1) "TERM"; console_codes(4).
 */
export function detectCapabilities(env: Environment, isTty: boolean): TerminalCapabilities {
	const term = env['TERM'] === undefined || env['TERM'] === '' ? 'dumb' : env['TERM'].toLowerCase();
	const unicode = isUtf8Locale(env);
	if (!isTty || term === 'dumb' || term === 'unknown') {
		return plain(term, unicode);
	}
	const noColor = env['NO_COLOR'] !== undefined && env['NO_COLOR'] !== '';
	if (/^vt\d/.test(term)) {
		return { ...plain(term, unicode), cursorAddressing: true };
	}
	if (/^linux/.test(term)) {
		return { ...plain(term, unicode), cursorAddressing: true, colors: noColor ? 'none' : '16' };
	}
	const multiplexer = detectMultiplexer(env, term);
	const known = XTERM_LIKE.test(term);
	const bare = known && multiplexer === 'none' && env['TERM_PROGRAM'] !== 'Apple_Terminal';
	const colors = noColor ? 'none' : detectColors(env, term);
	return {
		term,
		colors,
		unicode,
		synchronized: bare,
		alternateScreen: true,
		mouse: known || multiplexer !== 'none',
		bracketedPaste: known || multiplexer !== 'none',
		osc52: known || multiplexer !== 'none',
		styledUnderline: bare && colors === 'truecolor',
		multiplexer,
		cursorAddressing: true,
	};
}

function plain(term: string, unicode: boolean): TerminalCapabilities {
	return {
		term,
		colors: 'none',
		unicode,
		synchronized: false,
		alternateScreen: false,
		mouse: false,
		bracketedPaste: false,
		osc52: false,
		styledUnderline: false,
		multiplexer: 'none',
		cursorAddressing: false,
	};
}

function detectMultiplexer(env: Environment, term: string): TerminalCapabilities['multiplexer'] {
	// TMUX and STY do not travel over SSH, TERM does: it is the second witness. tmux too likes to be "screen".
	if (/^tmux/.test(term) || (env['TMUX'] ?? '') !== '') return 'tmux';
	if (/^screen/.test(term) || (env['STY'] ?? '') !== '') return 'screen';
	return 'none';
}

function detectColors(env: Environment, term: string): ColorDepth {
	if (/^(truecolor|24bit)$/i.test(env['COLORTERM'] ?? '')) return 'truecolor';
	if (TRUE_COLOR_TERMS.test(term)) return 'truecolor';
	if (/256color/.test(term)) return '256';
	if (/mono$|-m$/.test(term)) return 'none';
	// A bare "xterm" or an unknown name: sixteen colours exist nearly everywhere.
	return '16';
}

/** Whether the locale's character set is UTF-8; the first variable that is set decides. Source: locale(7). */
function isUtf8Locale(env: Environment): boolean {
	for (const name of ['LC_ALL', 'LC_CTYPE', 'LANG']) {
		const value = env[name];
		if (value !== undefined && value !== '') {
			return /utf-?8/i.test(value);
		}
	}
	return false;
}
