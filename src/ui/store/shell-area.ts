import { layoutOf } from './layout.ts';
import type { UiState } from './state.ts';

/** The cells of the screen that a session's own screen takes: all of the body below the title line. */
export function shellArea({ screen, shell }: UiState): {
	readonly column: number;
	readonly row: number;
	readonly columns: number;
	readonly rows: number;
} {
	const { headerRows, bodyRows } = layoutOf(screen);
	const top = shell.zoomed ? 0 : headerRows;
	const height = shell.zoomed ? screen.rows : bodyRows;
	// An emulator of less than two columns or one row is none.
	return { column: 0, row: top + 1, columns: Math.max(2, screen.columns), rows: Math.max(1, height - 1) };
}

/** Whether a session's pane is what the person sees and types into. */
export function shellShown({ overlays, entry }: Pick<UiState, 'overlays' | 'entry'>): boolean {
	return overlays.stack.at(-1) === 'shell' && entry === undefined;
}
