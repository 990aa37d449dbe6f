import type { UiState } from '../store/state.ts';
import type { CursorPosition } from '../terminal/screen-painter.ts';
import { entryLabelCells, entryWindow } from './footer.tsx';

/** Where the terminal's own cursor belongs: in the line being typed; nowhere otherwise. */
export function cursorPosition({ entry, screen }: UiState): CursorPosition | undefined {
	if (!entry) return undefined;
	const label = entryLabelCells(entry);
	const { cursorCells } = entryWindow(entry, Math.max(8, screen.columns - label - 1));
	return { row: screen.rows - 1, column: Math.min(screen.columns - 1, label + cursorCells) };
}
