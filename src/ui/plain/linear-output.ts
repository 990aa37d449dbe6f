import { sanitizeLine } from '../../text/sanitize.ts';
import { graphemeCells } from '../../text/width.ts';
import { asciiFallback } from '../terminal/ascii-fallback.ts';

/** Where lines go; `write` settles when the other end has taken them, so that a slow line is not flooded. */
export type LinearOutput = {
	readonly line: (text: string) => Promise<void>;
	/** Text without a line's end, for a prompt. */
	readonly prompt: (text: string) => void;
};

/** Text of any origin as one safe line, in ASCII where the terminal has no more. */
export function linearLine(text: string, unicode: boolean): string {
	const safe = sanitizeLine(text);
	if (unicode || /^[\x20-\x7e]*$/u.test(safe)) return safe;
	let folded = '';
	for (const cell of graphemeCells(safe)) folded += asciiFallback(cell.text, cell.widthCells);
	return folded;
}

/** Writes lines to a stream. A reader that went away ends in `onLost`, once. */
export function createLinearOutput(
	stream: NodeJS.WritableStream,
	options: { readonly unicode: boolean; readonly onLost: () => void },
): LinearOutput {
	let lost = false;
	stream.on('error', () => {
		if (lost) return;
		lost = true;
		options.onLost();
	});
	const write = (text: string): Promise<void> => {
		if (lost) return Promise.resolve();
		return new Promise((resolve) => {
			stream.write(text, () => resolve());
		});
	};
	return {
		line: (text) => write(`${linearLine(text, options.unicode)}\n`),
		prompt: (text) => void write(text),
	};
}
