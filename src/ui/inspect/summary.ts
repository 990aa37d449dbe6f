import { padCells } from '../../text/width.ts';
import type { Line, Span, Token } from '../theme/tokens.ts';
import { brokenLines, type Document, type DocumentLine, documentLine } from './document.ts';

/** What a fact can be given as; undefined and '' mean that it is not known and not shown. */
export type FactValue = string | number | bigint | boolean | undefined | Line;

/** Collects the lines of a human summary: sections of labelled facts. Every line gets a key of its own. */
export type Summary = {
	/** Begins a section; its heading is written with its first line. */
	readonly section: (title: string) => void;
	/** `label   value`; nothing for a value that is not known. */
	readonly fact: (label: string, value: FactValue, token?: Token) => void;
	/** Several values under one label, one line each. */
	readonly facts: (label: string, values: readonly FactValue[]) => void;
	/** A line of its own. */
	readonly item: (line: Line | string) => void;
	/** Key and value of every entry, by key; long values are cut and say so. */
	readonly entries: (
		entries: Readonly<Record<string, string>> | readonly (readonly [string, string])[],
	) => void;
	readonly lines: () => Document;
};

const labelCells = 14;
/** Characters of a label, annotation or variable that a summary shows; YAML and JSON have all of it. */
const valueLimit = 240;

/** A value as short as a summary wants it, saying how much is missing. */
export function shortened(text: string, limit = valueLimit): string {
	if (text.length <= limit) return text;
	return `${text.slice(0, limit)}… (${text.length} characters; the YAML tab has all)`;
}

/** Starts an empty summary. */
export function createSummary(): Summary {
	const lines: DocumentLine[] = [];
	let heading: string | undefined;
	let current = '';
	const seen = new Map<string, number>();

	function add(line: Line, name: string, hang = 4): void {
		if (heading !== undefined) {
			if (lines.length > 0) lines.push({ text: '', marks: [], key: `${heading}/before` });
			lines.push(documentLine([{ text: heading, token: 'titleFocused' }], heading));
			heading = undefined;
		}
		const base = `${current}/${name}`;
		const count = seen.get(base) ?? 0;
		seen.set(base, count + 1);
		lines.push(...brokenLines(documentLine(line, `${base}/${count}`, hang)));
	}

	function spans(value: FactValue, token?: Token): Line {
		if (value === undefined || value === '') return [];
		if (typeof value === 'object') return value;
		return [
			{ text: typeof value === 'boolean' ? (value ? 'yes' : 'no') : shortened(`${value}`, 2_000), token },
		];
	}

	function fact(label: string, value: FactValue, token?: Token): void {
		const content = spans(value, token);
		if (content.length === 0) return;
		const lead: Span = { text: `  ${padCells(label, labelCells)} `, token: 'muted' };
		add([lead, ...content], label, labelCells + 3);
	}

	return {
		section(title) {
			heading = title;
			current = title;
		},
		fact,
		facts(label, values) {
			let first = true;
			for (const value of values) {
				const content = spans(value);
				if (content.length === 0) continue;
				const lead: Span = { text: `  ${padCells(first ? label : '', labelCells)} `, token: 'muted' };
				add([lead, ...content], label, labelCells + 3);
				first = false;
			}
		},
		item: (line) => add([{ text: '  ' }, ...(typeof line === 'string' ? [{ text: line }] : line)], 'item'),
		entries(entries) {
			const list = Array.isArray(entries)
				? (entries as readonly (readonly [string, string])[])
				: Object.entries(entries).sort(([left], [right]) => (left < right ? -1 : 1));
			for (const [key, value] of list) {
				add([{ text: '  ' }, { text: key, token: 'accent' }, { text: ` = ${shortened(value)}` }], key);
			}
		},
		lines: () => lines,
	};
}
