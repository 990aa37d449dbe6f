import type { UiState } from '../store/state.ts';
import type { CursorPosition } from '../terminal/screen-painter.ts';
import { entryLabelCells, entryTextCells, entryWindow } from './footer.tsx';

/** Where the terminal's own cursor belongs: in the line being typed; nowhere otherwise. */
export function cursorPosition({ entry, screen }: UiState): CursorPosition | undefined {
	if (!entry) return undefined;
	const label = entryLabelCells(entry);
	const { cursorCells } = entryWindow(entry, entryTextCells(entry, screen.columns));
	return { row: screen.rows - 1, column: Math.min(screen.columns - 1, label + cursorCells) };
}
