/** Some lines at the bottom of a terminal that are drawn over and over, in place. */
import type { Writable } from 'node:stream';
import { stringWidthCells } from '../../text/width.ts';
import type { TerminalSize } from '../verb.ts';

/** Hides and shows the cursor; clears from the cursor to the end of the screen. Source: xterm ctlseqs. */
const hideCursor = '\x1b[?25l';
const showCursor = '\x1b[?25h';
const clearBelow = '\x1b[J';
/** Between two paints: ten a second at most. */
const leastGapMs = 100;
/** The clock goes on also while nothing happens. */
const tickMs = 500;

/** The region. Whoever made it disposes of it, whatever happens: the cursor must come back. */
export type LiveRegion = Disposable & {
	/** Something has changed: paints now, or when the last paint is long enough ago. */
	changed(): void;
	/** Puts a line above the region, where it stays. */
	addLine(line: string): void;
};

/** Rows that a line takes now that the terminal may be narrower than when it was drawn. */
function rowsOf(line: string, columns: number): number {
	const cells = stringWidthCells(line.replace(/\x1b\[[\d;]*m/gu, ''));
	return Math.max(1, Math.ceil(cells / Math.max(1, columns)));
}

/**
 * Opens a region.
 * @param lines is asked at each paint
 */
export function openLiveRegion(
	stderr: Writable,
	terminalSize: () => TerminalSize | undefined,
	lines: (size: TerminalSize) => readonly string[],
): LiveRegion {
	let drawn: readonly string[] = [];
	let paintedAtMs = Number.NEGATIVE_INFINITY;
	let timer: NodeJS.Timeout | undefined;
	let closed = false;
	const size = (): TerminalSize => terminalSize() ?? { columns: 80, rows: 24 };

	/** Goes to the start of what was drawn, and clears it. */
	function erase(): string {
		const { columns, rows } = size();
		const above = drawn.reduce((sum, line) => sum + rowsOf(line, columns), 0);
		drawn = [];
		// More rows than the screen has cannot be gone up: the rest has scrolled away.
		const up = Math.min(above, rows - 1);
		return `\r${up > 0 ? `\x1b[${up}A` : ''}${clearBelow}`;
	}

	function paint(before = ''): void {
		if (closed) return;
		clearTimeout(timer);
		paintedAtMs = performance.now();
		const erased = erase();
		drawn = lines(size());
		stderr.write(`${hideCursor}${erased}${before}${drawn.map((line) => `${line}\n`).join('')}`);
		timer = setTimeout(paint, tickMs);
		timer.unref();
	}

	paint();
	return {
		changed() {
			const waitMs = paintedAtMs + leastGapMs - performance.now();
			if (waitMs <= 0) return paint();
			clearTimeout(timer);
			timer = setTimeout(paint, waitMs);
		},
		addLine: (line) => paint(`${line}\n`),
		[Symbol.dispose]() {
			if (closed) return;
			clearTimeout(timer);
			stderr.write(`${erase()}${showCursor}`);
			closed = true;
		},
	};
}
