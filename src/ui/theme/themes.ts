import type { Line, Span, Token } from './tokens.ts';

/** SGR parameters (the part between ESC[ and m) of every token; '' leaves the terminal's own colours. */
export type Theme = Readonly<Record<Token, string>>;

/** Names a user can write as `ui.theme`. */
export type ThemeName = 'dark' | 'light' | 'ansi16' | 'mono';

/** The sixteen colours every terminal has, chosen to be legible on dark and light backgrounds. */
const ansi16: Theme = {
	text: '',
	muted: '90',
	accent: '36',
	ok: '32',
	warn: '33',
	fail: '31',
	done: '90',
	title: '',
	titleFocused: '1;36',
	columnHeader: '90',
	match: '1;4;33',
	key: '1;36',
	keyDisabled: '90',
	dialog: '',
	danger: '1;31',
	link: '36',
	added: '32',
	stderr: '33',
};

const dark: Theme = {
	...ansi16,
	muted: '38;5;245',
	accent: '38;5;80',
	ok: '38;5;114',
	warn: '38;5;221',
	fail: '38;5;203',
	done: '38;5;245',
	titleFocused: '1;38;5;80',
	columnHeader: '38;5;245',
	match: '1;4;38;5;221',
	key: '1;38;5;80',
	keyDisabled: '38;5;242',
	danger: '1;38;5;203',
	link: '38;5;80',
	added: '38;5;114',
	stderr: '38;5;221',
};

const light: Theme = {
	...ansi16,
	muted: '38;5;242',
	accent: '38;5;24',
	ok: '38;5;28',
	warn: '38;5;130',
	fail: '38;5;160',
	done: '38;5;242',
	titleFocused: '1;38;5;24',
	columnHeader: '38;5;242',
	match: '1;4;38;5;130',
	key: '1;38;5;24',
	keyDisabled: '38;5;246',
	danger: '1;38;5;160',
	link: '38;5;24',
	added: '38;5;28',
	stderr: '38;5;130',
};

/** Meaning by weight and underline only: NO_COLOR, vt100, and eyes that see no red. */
const mono: Theme = {
	text: '',
	muted: '',
	accent: '1',
	ok: '',
	warn: '1',
	fail: '1',
	done: '',
	title: '',
	titleFocused: '1',
	columnHeader: '4',
	match: '1;4',
	key: '1',
	keyDisabled: '',
	dialog: '',
	danger: '1',
	link: '4',
	added: '1',
	stderr: '1',
};

/** All themes by name. */
export const themes: Readonly<Record<ThemeName, Theme>> = { dark, light, ansi16, mono };

function sgrOf(span: Span, theme: Theme): string {
	let parameters = span.sgr ?? (span.token ? theme[span.token] : '');
	if (span.bold) parameters = parameters ? `1;${parameters}` : '1';
	if (span.underline) parameters = parameters ? `${parameters};4` : '4';
	if (span.reverse) parameters = parameters ? `${parameters};7` : '7';
	return parameters;
}

/** C0, DEL and C1. */
const controls = /\p{Cc}/gu;

/**
 * Turns a line into text with SGR sequences, for one Ink `<Text>`. Equal neighbours share one sequence. Views sanitise
 * what they show, where it still has a width; a control character that one of them lets slip ends here at the latest.
 */
export function lineToAnsi(line: Line, theme: Theme): string {
	let out = '';
	let current = '';
	for (const span of line) {
		if (span.text === '') continue;
		const wanted = sgrOf(span, theme);
		if (wanted !== current) {
			if (current !== '') out += '\x1b[0m';
			if (wanted !== '') out += `\x1b[${wanted}m`;
			current = wanted;
		}
		out += span.text.replace(controls, '');
	}
	return current === '' ? out : `${out}\x1b[0m`;
}
