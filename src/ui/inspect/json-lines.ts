import { brokenLines, type DocumentLine, type Mark } from './document.ts';
import { quoted } from './quoted.ts';
import { isScalar, scalarToken } from './scalar.ts';

/**
 * Writes a tree of plain values as JSON, two blanks a level, one line a value: what `crictl inspect` prints.
 * Built by hand because each line carries what its parts mean, and because a megabyte must cost milliseconds.
 */
export function jsonLines(tree: unknown): readonly DocumentLine[] {
	const lines: DocumentLine[] = [];
	write(tree, '', undefined, '', '', lines);
	return lines;
}

function push(
	lines: DocumentLine[],
	path: string,
	indent: string,
	key: string | undefined,
	value: string,
	token: Mark['token'],
) {
	const head = key === undefined ? indent : `${indent}${quoted(key, 'json')}`;
	const text = key === undefined ? head + value : `${head}: ${value}`;
	const marks: Mark[] = [];
	if (key !== undefined) marks.push({ start: indent.length, end: head.length, token: 'accent' });
	if (token) marks.push({ start: text.length - value.length, end: text.length, token });
	lines.push(...brokenLines({ text, marks, key: path }));
}

function write(
	value: unknown,
	path: string,
	key: string | undefined,
	indent: string,
	comma: string,
	lines: DocumentLine[],
): void {
	if (isScalar(value)) {
		const text = typeof value === 'string' ? quoted(value, 'json') : String(value);
		push(lines, path, indent, key, text + comma, scalarToken(value));
		return;
	}
	const [open, close] = Array.isArray(value) ? ['[', ']'] : ['{', '}'];
	const entries: readonly (readonly [string | undefined, unknown])[] = Array.isArray(value)
		? value.map((item: unknown) => [undefined, item] as const)
		: Object.entries(value as object);
	if (entries.length === 0) {
		push(lines, path, indent, key, `${open}${close}${comma}`, undefined);
		return;
	}
	push(lines, path, indent, key, open, undefined);
	for (const [index, [name, item]] of entries.entries()) {
		const comma = index < entries.length - 1 ? ',' : '';
		write(item, `${path}/${name ?? index}`, name, `${indent}  `, comma, lines);
	}
	push(lines, `${path}/end`, indent, undefined, close + comma, undefined);
}
