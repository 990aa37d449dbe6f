import { sanitizeLine } from '../../text/sanitize.ts';
import type { Line, Span, Token } from '../theme/tokens.ts';

/** A meaning that part of a line has; UTF-16 units of its text, end exclusive, in order and apart. */
export type Mark = {
	readonly start: number;
	readonly end: number;
	readonly token?: Token | undefined;
	readonly bold?: boolean | undefined;
};

/** One line of an inspected document: text that is fit for the screen, and what of it means what. */
export type DocumentLine = {
	readonly text: string;
	readonly marks: readonly Mark[];
	/** By what the line is found again after a refresh; its text where that is enough. */
	readonly key?: string | undefined;
	/** Cells by which its rows after the first are set in when it is wrapped. */
	readonly hang?: number | undefined;
	/** It goes on the line before: a line too long for one was cut here. */
	readonly continues?: boolean | undefined;
};

/** Everything a tab of the inspect view can scroll through. */
export type Document = readonly DocumentLine[];

/** Longest text of one line; the rest goes on in lines that `continue` it. Keeps every step of drawing cheap. */
export const longestLine = 2_000;

/** Makes a line of spans a document line. Text is sanitised here. */
export function documentLine(spans: Line, key?: string, hang?: number): DocumentLine {
	let text = '';
	const marks: Mark[] = [];
	for (const span of spans) {
		const clean = sanitizeLine(span.text);
		if (clean === '') continue;
		if (span.token || span.bold) {
			marks.push({ start: text.length, end: text.length + clean.length, token: span.token, bold: span.bold });
		}
		text += clean;
	}
	return { text, marks, key, hang };
}

/** Cuts a line that is too long into several, never amid a surrogate pair. */
export function brokenLines(line: DocumentLine): readonly DocumentLine[] {
	if (line.text.length <= longestLine) return [line];
	const out: DocumentLine[] = [];
	for (let start = 0; start < line.text.length; ) {
		let end = Math.min(line.text.length, start + longestLine);
		const unit = line.text.charCodeAt(end - 1);
		if (end < line.text.length && unit >= 0xd800 && unit <= 0xdbff) end--;
		const from = start;
		out.push({
			text: line.text.slice(from, end),
			marks: line.marks
				.filter((mark) => mark.start < end && mark.end > from)
				.map((mark) => ({
					...mark,
					start: Math.max(0, mark.start - from),
					end: Math.min(mark.end, end) - from,
				})),
			...(line.key !== undefined && { key: `${line.key}+${from}` }),
			hang: line.hang,
			...(from > 0 && { continues: true }),
		});
		start = end;
	}
	return out;
}

/** The spans of part of a line, with search matches (absolute ranges, the current one first named) over its marks. */
export function spansOf(
	line: DocumentLine,
	start: number,
	end: number,
	matches: readonly { readonly start: number; readonly end: number; readonly current: boolean }[],
): Line {
	const borders = new Set([start, end]);
	for (const { start: from, end: to } of [...line.marks, ...matches]) {
		if (from > start && from < end) borders.add(from);
		if (to > start && to < end) borders.add(to);
	}
	const cuts = [...borders].sort((left, right) => left - right);
	const spans: Span[] = [];
	for (let index = 0; index + 1 < cuts.length; index++) {
		const from = cuts[index] ?? 0;
		const to = cuts[index + 1] ?? 0;
		const text = line.text.slice(from, to);
		const match = matches.find((range) => range.start <= from && range.end >= to);
		if (match) spans.push({ text, token: 'match', reverse: match.current });
		else {
			const mark = line.marks.find((range) => range.start <= from && range.end >= to);
			spans.push({ text, token: mark?.token, bold: mark?.bold });
		}
	}
	return spans;
}

/** The text of a document as one saves or copies it: cut lines whole again, a newline after each. */
export function documentText(lines: Document): string {
	let text = '';
	for (const [index, line] of lines.entries()) {
		text += index > 0 && !line.continues ? `\n${line.text}` : line.text;
	}
	return `${text}\n`;
}
