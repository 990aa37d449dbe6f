import { wrapWords } from '../../text/wrap-words.ts';
import { type BodyPlace, MiddleBox } from '../components/middle-box.tsx';
import { fitLine, lineWidthCells, truncateLine } from '../format/line.ts';
import { useUi } from '../hooks/use-ui.ts';
import type { UiState } from '../store/state.ts';
import type { Line, Token } from '../theme/tokens.ts';

const widestCells = 64;
const text =
	'This session was opened read-only by the login banner. For ten minutes it may change the node: stop, remove, pull, shells. Each change asks as ever.';

/** The question whether changes are to be allowed, as a box of lines of one width. */
export function liftDialogLines(
	{ readOnly }: UiState,
	{ columns, rows }: { readonly columns: number; readonly rows: number },
): readonly Line[] {
	if (readOnly.asking === undefined) return [];
	const width = Math.min(columns >= 40 ? columns - 4 : columns, widestCells);
	const button = (label: string, focused: boolean, token: Token | undefined): Line => [
		{ text: focused ? '▶' : ' ', token: 'titleFocused' },
		{ text: `[ ${label} ]`, reverse: focused, token: focused ? undefined : token },
	];
	const row = (line: Line): Line => [
		{ text: '│ ', token: 'warn' },
		...fitLine(line, width - 4),
		{ text: ' │', token: 'warn' },
	];
	const title = truncateLine([{ text: ' Allow changes ', token: 'titleFocused' }], width - 4);
	const rest = Math.max(0, width - 3 - lineWidthCells(title));
	const body = wrapWords(text, Math.max(1, width - 4)).map((line): Line => [{ text: line }]);
	const box: readonly Line[] = [
		[{ text: '┌─', token: 'warn' }, ...title, { text: `${'─'.repeat(rest)}┐`, token: 'warn' }],
		// The buttons stay in sight, however low the screen is.
		...body.slice(0, Math.max(0, rows - 3)).map(row),
		row([
			...button('Cancel', readOnly.asking === 'cancel', undefined),
			{ text: '  ' },
			...button('Allow', readOnly.asking === 'confirm', 'danger'),
		]),
		[{ text: `└${'─'.repeat(Math.max(0, width - 2))}┘`, token: 'warn' }],
	];
	return box.map((line) => truncateLine(line, columns));
}

/** The question in the middle of the body, over the panes. */
export function LiftDialog(place: BodyPlace) {
	const state = useUi((all) => all);
	return <MiddleBox {...place} lines={liftDialogLines(state, place)} />;
}
