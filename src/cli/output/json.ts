/** JSON and YAML as crictl prints them. */
import { sanitizeLine, sanitizeText } from '../../text/sanitize.ts';

/** Whoever looks at a terminal must not be fooled; a pipe gets what the runtime said. */
export type TextTarget = { readonly stdoutIsTerminal: boolean };

/** A value with the keys of all its objects sorted, as Go writes maps. */
export function sortKeys(value: unknown): unknown {
	if (Array.isArray(value)) return value.map(sortKeys);
	if (typeof value !== 'object' || value === null) return value;
	return Object.fromEntries(
		Object.entries(value)
			.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
			.map(([key, field]) => [key, sortKeys(field)]),
	);
}

function escaped(character: string): string {
	return [...Array(character.length).keys()]
		.map((index) => `\\u${character.charCodeAt(index).toString(16).padStart(4, '0')}`)
		.join('');
}

/** JSON with two blanks a level and a newline at its end. On a terminal, suspicious characters are \u escapes. */
export function jsonText(value: unknown, { stdoutIsTerminal }: TextTarget): string {
	const text = `${JSON.stringify(value, undefined, 2)}\n`;
	if (!stdoutIsTerminal) return text;
	return text.replace(/[^\x20-\x7e\n]/gu, (character) =>
		sanitizeLine(character) === character ? character : escaped(character),
	);
}

/** YAML with sorted keys, as crictl prints it. On a terminal, suspicious characters are replaced. */
export async function yamlText(value: unknown, { stdoutIsTerminal }: TextTarget): Promise<string> {
	const { writeYaml } = await import('../yaml-library.ts');
	const text = writeYaml(sortKeys(value));
	return stdoutIsTerminal ? sanitizeText(text) : text;
}
