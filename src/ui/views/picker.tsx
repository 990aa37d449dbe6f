import { sanitizeLine } from '../../text/sanitize.ts';
import { wrapWords } from '../../text/wrap-words.ts';
import { StateLines } from '../components/lines.tsx';
import { fitLine, selectedLine } from '../format/line.ts';
import { paneTitle } from '../format/pane-title.ts';
import { isColumnShown, orderedColumns } from '../resources/column-layout.ts';
import { resourceOf } from '../resources/index.ts';
import { focusedList } from '../store/selectors.ts';
import type { UiState } from '../store/state.ts';
import type { Line } from '../theme/tokens.ts';

type Size = { readonly columns: number; readonly rows: number };

function listed(
	title: string,
	remark: string,
	lines: readonly Line[],
	cursor: number,
	{ columns, rows }: Size,
): readonly Line[] {
	const first = Math.max(0, cursor - rows + 2);
	const head = paneTitle({
		label: '',
		title: [{ text: title, token: 'titleFocused' }],
		remarks: [{ text: remark, token: 'muted' }],
		focused: true,
		columns,
	});
	return [
		head,
		...lines
			.map((line, index) => (index === cursor ? selectedLine(fitLine(line, columns)) : line))
			.slice(first, first + rows - 1),
	];
}

/** The sockets that were found, to choose one. */
export function Picker(size: Size) {
	return <StateLines linesOf={(state) => pickerLines(state, size)} {...size} />;
}

/** The picker as text. */
export function pickerLines(state: UiState, size: Size): readonly Line[] {
	const { choices, endpoint } = state.connection;
	const lines = choices.map(
		(choice): Line => [
			{ text: choice.endpoint === endpoint ? ' ● ' : '   ', token: 'ok' },
			{ text: sanitizeLine(choice.endpoint) },
			{ text: `  ${sanitizeLine(choice.origin)}`, token: 'muted' },
			...(choice.problem ? [{ text: `  ${sanitizeLine(choice.problem)}`, token: 'fail' } as const] : []),
		],
	);
	const shown: readonly Line[] =
		lines.length > 0 ? lines : [[{ text: '  Looking for runtime sockets.', token: 'muted' }]];
	return listed(
		'Runtime sockets',
		'Enter connects · Esc closes',
		[...shown, ...limitsLines(state, size)],
		lines.length > 0 ? state.overlays.cursor : -1,
		size,
	);
}

/** What the machine does not allow the runtime in use, said in full: the header has no room for it. */
function limitsLines({ connection: { limits } }: UiState, { columns }: Size): readonly Line[] {
	if (limits.length === 0) return [];
	const title: Line = [{ text: '  What this machine does not allow the runtime in use', token: 'warn' }];
	const sentences = limits.flatMap(({ sentence }) =>
		wrapWords(sanitizeLine(sentence), Math.max(10, columns - 6)).map(
			(text, index): Line => [{ text: `  ${index === 0 ? '- ' : '  '}${text}` }],
		),
	);
	return [[], title, ...sentences];
}

/** The columns of the focused list, to hide, order and sort by. */
export function Columns(size: Size) {
	return <StateLines linesOf={(state) => columnsLines(state, size)} {...size} />;
}

/** The list of columns as text. */
export function columnsLines(state: UiState, size: Size): readonly Line[] {
	const list = focusedList(state);
	const resource = resourceOf(list);
	const view = state.lists[list];
	const lines = orderedColumns(resource.columns, view.columnOrder).map(({ id, title }): Line => {
		const hidden = !isColumnShown(view, id);
		const sorted = view.sort?.column === id;
		return [
			{ text: hidden ? ' [ ] ' : ' [x] ', token: hidden ? 'muted' : 'ok' },
			{ text: title, token: hidden ? 'muted' : undefined },
			{ text: sorted ? '  sorted' : '', token: 'accent' },
		];
	});
	const remark = 'Enter sorts · Space hides · < > moves · Esc closes';
	return listed(`Columns of ${resource.title.toLowerCase()}`, remark, lines, state.overlays.cursor, size);
}
