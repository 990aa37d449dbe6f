import { shellArea } from '../store/shell-area.ts';
import { currentShell } from '../store/slices/shell.ts';
import type { UiState } from '../store/state.ts';
import type { CursorPosition } from '../terminal/screen-painter.ts';
import { entryLabelCells, entryTextCells, entryWindow } from './footer.tsx';

/** Where the terminal's own cursor belongs: in the line being typed, or where a shell has it; nowhere otherwise. */
export function cursorPosition(state: UiState): CursorPosition | undefined {
	const { entry, screen } = state;
	if (!entry) return state.overlays.stack.at(-1) === 'shell' ? shellCursor(state) : undefined;
	const label = entryLabelCells(entry);
	const { cursorCells } = entryWindow(entry, entryTextCells(entry, screen.columns));
	return { row: screen.rows - 1, column: Math.min(screen.columns - 1, label + cursorCells) };
}

function shellCursor(state: UiState): CursorPosition | undefined {
	const session = currentShell(state.shell);
	if (session?.phase.kind !== 'live' || state.shell.mode !== 'keys' || !session.screen?.cursor)
		return undefined;
	const { cursor } = session.screen;
	const area = shellArea(state);
	if (cursor.row >= area.rows || cursor.column >= area.columns) return undefined;
	return { row: area.row + cursor.row, column: area.column + cursor.column };
}
