import { brokenLines, type DocumentLine, type Mark } from './document.ts';
import { quoted } from './quoted.ts';
import { isScalar, scalarToken } from './scalar.ts';

/** Texts that YAML 1.1 or 1.2 would read as something else than a text. */
const reserved = /^(?:~|null|true|false|yes|no|on|off|y|n|\.inf|\.nan)$/iu;
/** What may stand without quotes: no sign that begins anything, no `: `, no ` #`, nothing invisible, no number. */
const plain = /^[A-Za-z_/][\w./@+=-]*(?:[ :][\w./@+=-]+)*$/u;

/** A text as a YAML scalar on one line; in quotes unless it cannot be misread. */
function scalarText(text: string): string {
	return text.length <= 200 && plain.test(text) && !reserved.test(text) ? text : quoted(text, 'yaml');
}

/**
 * Writes a tree of plain values as YAML in block style, one line a value; every text stays on its line, quoted
 * where it must be. Reading it back gives the same tree. Built by hand for the reasons of json-lines.ts.
 * Source: YAML 1.2.2.
 */
export function yamlLines(tree: unknown): readonly DocumentLine[] {
	const lines: DocumentLine[] = [];
	if (isScalar(tree) || isEmpty(tree)) push(lines, '', '', '', tree);
	else write(tree, '', '', '', lines);
	return lines;
}

function isEmpty(value: unknown): boolean {
	return Object.keys(value as object).length === 0;
}

function push(lines: DocumentLine[], path: string, lead: string, head: string, value: unknown): void {
	const text = isScalar(value)
		? typeof value === 'string'
			? scalarText(value)
			: String(value ?? 'null')
		: Array.isArray(value)
			? '[]'
			: '{}';
	const before = lead + head;
	const marks: Mark[] = [];
	if (head !== '') marks.push({ start: lead.length, end: before.length - 2, token: 'accent' });
	const token = isScalar(value) ? scalarToken(value) : 'muted';
	if (token) marks.push({ start: before.length, end: before.length + text.length, token });
	lines.push(...brokenLines({ text: before + text, marks, key: path }));
}

/** @param first what stands before the first entry: the indent, or the dashes of the lists it begins. */
function write(value: unknown, path: string, first: string, indent: string, lines: DocumentLine[]): void {
	const isList = Array.isArray(value);
	let lead = first;
	for (const [name, item] of Object.entries(value as object)) {
		const key = isList ? '' : scalarText(name);
		const own = `${path}/${name}`;
		if (isScalar(item) || isEmpty(item))
			push(lines, own, isList ? `${lead}- ` : lead, isList ? '' : `${key}: `, item);
		else if (isList) write(item, own, `${lead}- `, `${indent}  `, lines);
		else {
			const text = `${lead}${key}:`;
			const marks = [{ start: lead.length, end: text.length - 1, token: 'accent' } as const];
			lines.push(...brokenLines({ text, marks, key: own }));
			write(item, own, `${indent}  `, `${indent}  `, lines);
		}
		lead = indent;
	}
}
