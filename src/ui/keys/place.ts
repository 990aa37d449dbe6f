import type { OverlayKind } from '../store/slices/overlays.ts';
import type { UiState } from '../store/state.ts';
import type { Scope } from './scope.ts';

const overlayScope: Readonly<Record<OverlayKind, Scope>> = {
	help: 'help',
	palette: 'palette',
	picker: 'picker',
	columns: 'picker',
	inspect: 'inspect',
	dialog: 'dialog',
	shell: 'shell',
	forwards: 'forwards',
	pulls: 'pulls',
};

/** Where the next key counts: the line being typed, the top overlay, or the focused pane. */
export function placeOf(state: UiState, { underHelp = false } = {}): Scope {
	if (state.entry && !underHelp) return 'prompt';
	const stack = underHelp ? state.overlays.stack.filter((kind) => kind !== 'help') : state.overlays.stack;
	const top = stack.at(-1);
	return top ? overlayScope[top] : state.screen.focus;
}
