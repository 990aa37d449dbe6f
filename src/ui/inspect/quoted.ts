import { sanitizeLine } from '../../text/sanitize.ts';

/** What sanitising would change or drop: escaped instead, so that a copied text is exact and still harmless. */
const suspect = /[\p{Cc}\p{Cs}\p{Default_Ignorable_Code_Point}\u2028\u2029\ufff9-\ufffb]/gu;

function escapeOf(character: string, notation: 'json' | 'yaml'): string {
	const code = character.codePointAt(0) ?? 0;
	const hex = (unit: number): string => `\\u${unit.toString(16).padStart(4, '0')}`;
	if (code <= 0xffff) return hex(code);
	if (notation === 'yaml') return `\\U${code.toString(16).padStart(8, '0')}`;
	return hex(character.charCodeAt(0)) + hex(character.charCodeAt(1));
}

/** A string in double quotes as JSON and YAML both read it, on one line, without any invisible character. */
export function quoted(text: string, notation: 'json' | 'yaml'): string {
	const json = JSON.stringify(text);
	// Emoji joiners are invisible characters too, and stay where sanitising would leave them.
	return json.search(suspect) < 0 || sanitizeLine(json) === json
		? json
		: json.replace(suspect, (character) => escapeOf(character, notation));
}
