/** One way to log in that a server offers in WWW-Authenticate. */
export type Challenge = {
	/** Lower case: `basic`, `bearer`. */
	readonly scheme: string;
	/** Names in lower case. */
	readonly parameters: ReadonlyMap<string, string>;
};

const token = /[!#$%&'*+\-.^_`|~0-9A-Za-z]+/y;
const separators = /[\s,]*/y;
const equals = /\s*=\s*/y;
const quoted = /"((?:[^"\\]|\\.)*)"?/sy;
// A value without quotes may be sloppy (a bare URL): it ends at a comma or blank.
const bare = /[^\s,"]*/y;

/** Reads a text from left to right by patterns that stick to where it stands. */
function reader(text: string) {
	let position = 0;
	return {
		get done() {
			return position >= text.length;
		},
		take(pattern: RegExp): RegExpExecArray | undefined {
			pattern.lastIndex = position;
			const found = pattern.exec(text) ?? undefined;
			if (found) position += found[0].length;
			return found;
		},
		skip() {
			position += 1;
		},
	};
}

/**
 * Reads the values of WWW-Authenticate: several headers, several challenges in one, quoted commas and escapes. What makes
 * no sense is passed over, for the challenges behind it may do.
 * Source: RFC 9110 §11.6.1.
 */
export function parseChallenges(headers: string | readonly string[] | undefined): readonly Challenge[] {
	const values = headers === undefined ? [] : typeof headers === 'string' ? [headers] : headers;
	return values.flatMap(parseHeader);
}

function parseHeader(header: string): readonly Challenge[] {
	const found: { readonly scheme: string; readonly parameters: Map<string, string> }[] = [];
	const from = reader(header);
	while (!from.done) {
		from.take(separators);
		const word = from.take(token)?.[0];
		if (word === undefined) {
			if (!from.done) from.skip();
			continue;
		}
		const sign = from.take(equals);
		const last = found.at(-1);
		// A word that is followed by "=" belongs to the challenge before it, any other begins a new one.
		if (!sign) {
			found.push({ scheme: word.toLowerCase(), parameters: new Map() });
			continue;
		}
		const text = from.take(quoted);
		const value = text ? (text[1] ?? '').replace(/\\(.)/gs, '$1') : (from.take(bare)?.[0] ?? '');
		const name = word.toLowerCase();
		if (last && !last.parameters.has(name)) last.parameters.set(name, value);
	}
	return found;
}
