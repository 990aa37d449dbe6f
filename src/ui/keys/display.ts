const asciiNames: Readonly<Record<string, string>> = {
	enter: 'Enter',
	escape: 'Esc',
	tab: 'Tab',
	backspace: 'Bksp',
	delete: 'Del',
	insert: 'Ins',
	space: 'Space',
	up: 'Up',
	down: 'Down',
	left: 'Left',
	right: 'Right',
	home: 'Home',
	end: 'End',
	pageup: 'PgUp',
	pagedown: 'PgDn',
};

const unicodeNames: Readonly<Record<string, string>> = { up: '↑', down: '↓', left: '←', right: '→' };

/**
 * Writes one key for footer and help: `j`, `^D`, `Enter`, `⇧Tab` (`S-Tab` without Unicode), `M-x`.
 * @param key in the spelling of `normaliseKey`.
 */
export function formatKey(
	key: string,
	{ unicode = true }: { readonly unicode?: boolean | undefined } = {},
): string {
	const match = /^((?:(?:ctrl|alt|shift)\+)*)(.+)$/su.exec(key);
	const modifiers = match?.[1] ?? '';
	const name = match?.[2] ?? key;
	const shown =
		(unicode ? unicodeNames[name] : undefined) ?? asciiNames[name] ?? name.replace(/^f(?=\d)/, 'F');
	const isCharacter = [...name].length === 1;
	let prefix = '';
	if (modifiers.includes('alt')) prefix += 'M-';
	if (modifiers.includes('shift')) prefix += unicode ? '⇧' : 'S-';
	if (!modifiers.includes('ctrl')) return prefix + shown;
	// The caret is read as "control" on letters only; before a name it would look like the key of that sign.
	return isCharacter ? `${prefix}^${shown.toUpperCase()}` : `C-${prefix}${shown}`;
}

/**
 * Writes a chord for footer and help: its keys with a blank between, or close together where all are characters
 * (`gg`), as vim's users know it.
 */
export function formatChord(
	keys: readonly string[],
	options: { readonly unicode?: boolean | undefined } = {},
): string {
	const separator = keys.every((key) => [...key].length === 1) ? '' : ' ';
	return keys.map((key) => formatKey(key, options)).join(separator);
}
