/**
 * Finds on which line of a TOML text each key stands, since the parser tells places of syntax errors only.
 * The text is known to be valid TOML. Answers the line, counted from 1, by path: `keys.container.stop` is looked up as
 * `['keys', 'container.stop']`; array elements are not told apart from their key.
 */
export function findKeyLines(toml: string): (path: readonly string[]) => number | undefined {
	const lines = new Map<string, number>();
	const note = (path: readonly string[], line: number) => {
		// Every table on the way is named by the first line that mentions it.
		for (let length = 1; length <= path.length; length++) {
			const name = JSON.stringify(path.slice(0, length));
			if (!lines.has(name)) lines.set(name, line);
		}
	};
	let table: readonly string[] = [];
	let depth = 0;
	let multiline: '"""' | "'''" | undefined;
	for (const [index, line] of toml.split('\n').entries()) {
		if (multiline === undefined && depth === 0) {
			const header = /^\s*\[{1,2}([^[\]].*?)\]{1,2}\s*(?:#.*)?$/.exec(line)?.[1];
			if (header !== undefined) {
				table = parseKey(header)?.parts ?? [];
				note(table, index + 1);
				continue;
			}
			const key = parseKey(line);
			if (key !== undefined && line.slice(key.end).startsWith('=')) {
				note([...table, ...key.parts], index + 1);
				noteInlineTable(line.slice(key.end + 1), [...table, ...key.parts], index + 1, note);
			}
		}
		({ depth, multiline } = endOfLine(line, depth, multiline));
	}
	return (path) => lines.get(JSON.stringify(path));
}

/** Keys of `{ a = 1, b.c = 2 }` all stand on the line of the brace, or near enough. */
function noteInlineTable(
	value: string,
	path: readonly string[],
	line: number,
	note: (path: readonly string[], line: number) => void,
): void {
	if (!value.trimStart().startsWith('{')) return;
	for (const match of value.matchAll(
		/[{,]\s*((?:[\w-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[\w-]+|"[^"]*"|'[^']*'))*)\s*=/g,
	)) {
		note([...path, ...(parseKey(match[1] ?? '')?.parts ?? [])], line);
	}
}

/** Reads a dotted key at the beginning of a text, and says where it ends. */
function parseKey(text: string): { parts: readonly string[]; end: number } | undefined {
	const parts: string[] = [];
	const part = /\s*(?:"((?:[^"\\]|\\.)*)"|'([^']*)'|([\w-]+))\s*(\.?)/y;
	for (;;) {
		const match = part.exec(text);
		if (match === null) return undefined;
		parts.push(match[1] === undefined ? (match[2] ?? match[3] ?? '') : unquoteKey(match[1]));
		if (match[4] === '') return { parts, end: part.lastIndex };
	}
}

function unquoteKey(text: string): string {
	try {
		return String(JSON.parse(`"${text}"`));
	} catch {
		return text;
	}
}

/** Follows strings, comments and brackets over one line, to know whether the next one begins with a key. */
function endOfLine(
	line: string,
	depth: number,
	multiline: '"""' | "'''" | undefined,
): { depth: number; multiline: '"""' | "'''" | undefined } {
	const token = /"""|'''|"(?:[^"\\]|\\.)*"|'[^']*'|\\.|#|[[\]{}]/g;
	let inside = multiline;
	let level = depth;
	for (let match = token.exec(line); match !== null; match = token.exec(line)) {
		const text = match[0];
		if (inside !== undefined) {
			if (text.includes(inside)) inside = undefined;
			// What looked like a string or comment belongs to the longer string: go on after its first character.
			else if (text.length > 1 && !text.startsWith('\\')) token.lastIndex = match.index + 1;
		} else if (text === '"""' || text === "'''") inside = text;
		else if (text === '#') break;
		else if (text === '[' || text === '{') level++;
		else if (text === ']' || text === '}') level--;
	}
	return { depth: Math.max(0, level), multiline: inside };
}
