import { graphemeCells, sliceCells, stringWidthCells } from './width.ts';

/**
 * Breaks text into lines of at most `width` cells, at blanks where there are any; a longer word is cut. Never empty:
 * text without words is one empty line. Text must hold no control characters.
 */
export function wrapWords(text: string, width: number): readonly string[] {
	const room = Math.max(1, width);
	const lines: string[] = [];
	let line = '';
	let cells = 0;
	for (const word of text.split(/( +)/)) {
		const wordCells = stringWidthCells(word);
		if (cells + wordCells <= room) {
			line += word;
			cells += wordCells;
			continue;
		}
		const blank = /^ *$/.test(word);
		if (cells > 0) lines.push(line.trimEnd());
		line = '';
		cells = 0;
		if (blank) continue;
		let rest = word;
		while (stringWidthCells(rest) > room) {
			const part = sliceCells(rest, 0, room).trimEnd() || firstGrapheme(rest);
			lines.push(part);
			rest = rest.slice(part.length);
		}
		line = rest;
		cells = stringWidthCells(rest);
	}
	if (line.trim() !== '' || lines.length === 0) lines.push(line.trimEnd());
	return lines;
}

/** One character even where it is wider than the room, so that cutting always gets on. */
function firstGrapheme(text: string): string {
	for (const { text: first } of graphemeCells(text)) return first;
	return text;
}
