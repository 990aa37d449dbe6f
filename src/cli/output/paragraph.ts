/** Objects as lines of `key: value`, as crictl's tables of one object and its -v print them. */
import type { StringMap } from '../../cri/model.ts';
import { sanitizeLine } from '../../text/sanitize.ts';

/** A line; undefined where there is nothing to say. */
export type ParagraphLine = readonly [key: string, value: string | number | bigint] | undefined;

/** The lines; what is empty or undefined is left out. No value can break its line. */
export function paragraph(lines: readonly ParagraphLine[]): string {
	return lines
		.filter((line) => line !== undefined)
		.map(([key, value]) => `${key}: ${sanitizeLine(String(value))}\n`)
		.join('');
}

/** A map under its heading, keys sorted; nothing where the map is empty. */
export function mapLines(heading: string, map: StringMap): string {
	const entries = Object.entries(map).sort(([a], [b]) => (a < b ? -1 : 1));
	if (entries.length === 0) return '';
	const lines = entries.map(([key, value]) => `\t${sanitizeLine(key)} -> ${sanitizeLine(value)}\n`);
	return `${heading}:\n${lines.join('')}`;
}

/** The verbose answer's map on one line, as Go prints a map. */
export function infoLine(info: StringMap): string {
	const pairs = Object.entries(info)
		.sort(([a], [b]) => (a < b ? -1 : 1))
		.map(([key, value]) => `${key}:${value}`);
	return paragraph([['Info', `map[${pairs.join(' ')}]`]]);
}
