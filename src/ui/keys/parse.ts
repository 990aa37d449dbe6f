/** Names of keys that are no single character, as the terminal's input parser gives them. */
const namedKeys = new Set([
	...['enter', 'escape', 'tab', 'backspace', 'delete', 'insert', 'space', 'up', 'down', 'left', 'right'],
	...['home', 'end', 'pageup', 'pagedown'],
	...Array.from({ length: 24 }, (_, index) => `f${index + 1}`),
]);

/** Other names that people write, from vim, less, tmux and rival tools. */
const aliases: Readonly<Record<string, string>> = {
	return: 'enter',
	cr: 'enter',
	esc: 'escape',
	bs: 'backspace',
	del: 'delete',
	ins: 'insert',
	spc: 'space',
	pgup: 'pageup',
	pgdn: 'pagedown',
	pgdown: 'pagedown',
	'page-up': 'pageup',
	'page-down': 'pagedown',
	plus: '+',
	minus: '-',
	backtab: 'shift+tab',
	lt: '<',
	gt: '>',
};

const modifierNames: Readonly<Record<string, 'ctrl' | 'alt' | 'shift'>> = {
	ctrl: 'ctrl',
	control: 'ctrl',
	c: 'ctrl',
	alt: 'alt',
	meta: 'alt',
	option: 'alt',
	m: 'alt',
	a: 'alt',
	shift: 'shift',
	s: 'shift',
};

/** Longest chord: more keys than this nobody remembers, and the pending keys have to fit in the footer. */
const longestChord = 4;

/**
 * Brings a key in the one spelling that `keyToString` of the terminal uses: `j`, `K`, `space`, `ctrl+d`, `shift+tab`.
 * Understands `Ctrl-D`, `^D`, `C-d`, `<c-d>`, `<Enter>`, `esc`, `shift+k` (which is `K`) and the like. Keys that no
 * terminal can tell apart become one: `ctrl+i` is `tab`, `ctrl+m` is `enter`, `ctrl+[` is `escape`.
 * @throws Error with one sentence when it is no key.
 */
export function normaliseKey(written: string): string {
	const key = tryNormalise(written);
	if (key === undefined)
		throw new Error(`"${written}" is not a key (write "j", "K", "enter", "ctrl+d" or "shift+tab")`);
	return key;
}

/**
 * Parses what a command is bound to, one key or several pressed in turn: `g g`, `ctrl+w j`, `<enter>`.
 * @throws Error with one sentence when a part of it is no key, or there are none or too many.
 */
export function parseChord(written: string): readonly string[] {
	// A lone blank can only mean the space bar.
	const parts = written === ' ' ? ['space'] : written.trim().split(/\s+/);
	if (parts[0] === '')
		throw new Error('an empty text is not a key (leave the list empty to unbind a command)');
	if (parts.length > longestChord) throw new Error(`"${written}" has more than ${longestChord} keys`);
	return parts.map(normaliseKey);
}

/** `parseChord` that answers undefined instead of throwing. */
export function tryParseChord(written: string): readonly string[] | undefined {
	try {
		return parseChord(written);
	} catch {
		return undefined;
	}
}

/**
 * Whether a chord is pressed with nothing but a small letter, digit or sign: such a chord may never change the node.
 */
export function isPlainLowerCase(keys: readonly string[]): boolean {
	return keys.length > 0 && keys.every((key) => [...key].length === 1 && key.toUpperCase() !== key);
}

/** Splits modifiers off, then looks the rest up. */
function tryNormalise(written: string): string | undefined {
	let rest = written;
	// `<` alone is a key; `<enter>` is one in brackets.
	if (rest.length > 2 && rest.startsWith('<') && rest.endsWith('>')) rest = rest.slice(1, -1);
	const modifiers = new Set<'ctrl' | 'alt' | 'shift'>();
	if (/^\^.$/su.test(rest)) {
		modifiers.add('ctrl');
		rest = rest.slice(1);
	}
	for (;;) {
		const match = /^([A-Za-z]+)[+-](.+)$/su.exec(rest);
		const modifier = modifierNames[match?.[1]?.toLowerCase() ?? ''];
		if (match?.[2] === undefined || modifier === undefined) break;
		modifiers.add(modifier);
		rest = match[2];
	}
	return compose(rest, modifiers);
}

function compose(base: string, modifiers: Set<'ctrl' | 'alt' | 'shift'>): string | undefined {
	let name = [...base].length === 1 ? base : base.toLowerCase();
	name = Object.hasOwn(aliases, name) ? (aliases[name] ?? name) : name;
	if (name === 'shift+tab') {
		modifiers.add('shift');
		name = 'tab';
	}
	if (name === ' ') name = 'space';
	const isCharacter = [...name].length === 1;
	if (!isCharacter && !namedKeys.has(name)) return undefined;
	if (isCharacter && /[\p{Cc}\p{Cf}\p{Z}]/u.test(name)) return undefined;
	if (isCharacter && modifiers.has('ctrl')) {
		name = name.toLowerCase();
		const same = { i: 'tab', m: 'enter', '[': 'escape' }[name];
		if (same !== undefined) {
			modifiers.delete('ctrl');
			name = same;
		}
	} else if (isCharacter && modifiers.delete('shift')) {
		// A terminal sends the character that shift makes; for other than letters only the keyboard knows which.
		if (name.toUpperCase() === name.toLowerCase()) return undefined;
		name = name.toUpperCase();
	}
	const prefix = (['ctrl', 'alt', 'shift'] as const).filter((modifier) => modifiers.has(modifier));
	return [...prefix, name].join('+');
}
