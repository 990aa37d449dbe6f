/**
 * What is on the screen, box by box. Ink and React say where each box is; the lines in it never go through Ink,
 * whose output stage takes every character of every frame apart twice. Composing a frame from lines costs next to
 * nothing while they stay the same objects, and it is what makes a key cheap on a small node.
 */
import type { DOMElement } from 'ink';
import { fitLine, sliceLine } from '../format/line.ts';
import { lineToAnsi, type Theme } from '../theme/themes.ts';
import type { Line } from '../theme/tokens.ts';

/** The text of one box. */
export type Surface = {
	readonly lines: readonly Line[];
	readonly columns: number;
	readonly rows: number;
	/** Higher ones lie over lower ones. */
	readonly layer: number;
};

/** All boxes that are mounted now. */
export type Surfaces = {
	readonly put: (node: DOMElement, surface: Surface) => void;
	readonly remove: (node: DOMElement) => void;
	/** The frame as text with SGR, one line a row, every row exactly as wide as the screen. */
	readonly compose: (size: { readonly columns: number; readonly rows: number }) => string;
};

type Placed = { readonly line: Line; readonly column: number; readonly columns: number };

/** Where a box is on the screen, in cells, by the layout that Yoga computed last. */
function placeOf(node: DOMElement): { readonly row: number; readonly column: number } {
	let row = 0;
	let column = 0;
	for (let at: DOMElement | undefined = node; at; at = at.parentNode) {
		row += at.yogaNode?.getComputedTop() ?? 0;
		column += at.yogaNode?.getComputedLeft() ?? 0;
	}
	return { row: Math.round(row), column: Math.round(column) };
}

/** Lays one line over another that is already exactly as wide as the screen. */
function laidOver(under: Line, { line, column, columns }: Placed, width: number): Line {
	return [
		...sliceLine(under, 0, column),
		...fitLine(line, columns),
		...sliceLine(under, column + columns, width),
	];
}

/** Makes an empty screen. */
export function createSurfaces(theme: Theme): Surfaces {
	const surfaces = new Map<DOMElement, Surface>();
	/** Rows that one line fills alone, by that line: nearly all rows of nearly all frames. */
	const texts = new WeakMap<Line, { readonly columns: number; readonly text: string }>();

	function textOf(placed: readonly Placed[], columns: number): string {
		const [only] = placed;
		if (only && placed.length === 1 && only.column === 0 && only.columns === columns) {
			const known = texts.get(only.line);
			if (known?.columns === columns) return known.text;
			const text = lineToAnsi(fitLine(only.line, columns), theme);
			texts.set(only.line, { columns, text });
			return text;
		}
		const blank: Line = [{ text: ' '.repeat(columns) }];
		return lineToAnsi(
			placed.reduce((under, over) => laidOver(under, over, columns), blank),
			theme,
		);
	}

	return {
		put: (node, surface) => surfaces.set(node, surface),
		remove: (node) => surfaces.delete(node),
		compose({ columns, rows }) {
			const screen: Placed[][] = Array.from({ length: rows }, () => []);
			const ordered = [...surfaces].sort(([, left], [, right]) => left.layer - right.layer);
			for (const [node, surface] of ordered) {
				const place = placeOf(node);
				for (let index = 0; index < surface.rows; index++) {
					const line = surface.lines[index] ?? [];
					screen[place.row + index]?.push({ line, column: place.column, columns: surface.columns });
				}
			}
			return screen.map((placed) => textOf(placed, columns)).join('\n');
		},
	};
}
