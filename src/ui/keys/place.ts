import type { OverlayKind } from '../store/slices/overlays.ts';
import { currentShell, type ShellState } from '../store/slices/shell.ts';
import type { UiState } from '../store/state.ts';
import type { Scope } from './scope.ts';

const overlayScope: Readonly<Record<OverlayKind, Scope>> = {
	help: 'help',
	palette: 'palette',
	picker: 'picker',
	columns: 'picker',
	inspect: 'inspect',
	dialog: 'dialog',
	lift: 'lift',
	shell: 'shell',
	forwards: 'forwards',
	pulls: 'pulls',
};

/** Where the next key counts: the line being typed, the top overlay, or the focused pane. */
export function placeOf(state: UiState, { underHelp = false } = {}): Scope {
	if (state.entry && !underHelp) return 'prompt';
	const stack = underHelp ? state.overlays.stack.filter((kind) => kind !== 'help') : state.overlays.stack;
	const top = stack.at(-1);
	if (top === 'shell') return shellPlace(state.shell);
	return top ? overlayScope[top] : state.screen.focus;
}

/** A live session has the keys itself; the escape chord, its end and the question before it have keys of their own. */
function shellPlace(shell: ShellState): Scope {
	const phase = currentShell(shell)?.phase.kind;
	if (phase === 'asking') return 'shellAsk';
	if (shell.mode === 'scroll') return 'shellScroll';
	if (phase === 'ended' || phase === undefined) return 'shellDone';
	return shell.mode === 'menu' ? 'shellMenu' : 'shell';
}
