/** What a terminal sends for a named key, in its normal (not application) cursor mode. */
const keySequences: Readonly<Record<string, string>> = {
	enter: '\r',
	escape: '\x1B',
	esc: '\x1B',
	tab: '\t',
	'shift+tab': '\x1B[Z',
	backspace: '\x7F',
	delete: '\x1B[3~',
	insert: '\x1B[2~',
	space: ' ',
	up: '\x1B[A',
	down: '\x1B[B',
	right: '\x1B[C',
	left: '\x1B[D',
	'shift+up': '\x1B[1;2A',
	'shift+down': '\x1B[1;2B',
	'shift+right': '\x1B[1;2C',
	'shift+left': '\x1B[1;2D',
	home: '\x1B[H',
	end: '\x1B[F',
	pageup: '\x1B[5~',
	pagedown: '\x1B[6~',
	f1: '\x1BOP',
	f2: '\x1BOQ',
	f3: '\x1BOR',
	f4: '\x1BOS',
	f5: '\x1B[15~',
	f6: '\x1B[17~',
	f7: '\x1B[18~',
	f8: '\x1B[19~',
	f9: '\x1B[20~',
	f10: '\x1B[21~',
	f11: '\x1B[23~',
	f12: '\x1B[24~',
};

/**
 * Translates a script of keys, separated by blanks, into what a terminal sends for each: `j`, `<enter>`, `<ctrl+c>`,
 * `<alt+x>`, `<shift+tab>`. A word of several characters is typed as it stands.
 *
 * @param applicationCursor the program asked for application cursor keys (DECCKM)
 * @throws Error for a name nobody knows
 */
export function keysToSequences(script: string, applicationCursor = false): readonly string[] {
	return script
		.split(' ')
		.filter((word) => word !== '')
		.map((word) => {
			const name = /^<(.+)>$/.exec(word)?.[1]?.toLowerCase();
			if (name === undefined) return word;
			const sequence = namedSequence(name);
			return applicationCursor ? sequence.replace(/^\x1B\[([A-DFH])$/, '\x1BO$1') : sequence;
		});
}

function namedSequence(name: string): string {
	const known = keySequences[name];
	if (known !== undefined) return known;
	const [, modifier, key = ''] = /^(ctrl|alt)\+(.+)$/.exec(name) ?? [];
	if (modifier === 'alt') return `\x1B${keySequences[key] ?? key}`;
	if (modifier === 'ctrl' && key === 'space') return '\0';
	// Control keys are the letters' codes without the two upper bits.
	if (modifier === 'ctrl' && /^[a-z[\\\]^_]$/.test(key)) {
		return String.fromCharCode(key.toUpperCase().charCodeAt(0) & 0x1f);
	}
	throw new Error(`cannot press "<${name}>": no such key`);
}
