import { availability } from '../commands/command.ts';
import { paletteMatches } from '../commands/palette-matches.ts';
import { StateLines } from '../components/lines.tsx';
import { fitLine, selectedLine, splitLine } from '../format/line.ts';
import { paneTitle } from '../format/pane-title.ts';
import { useUiContext } from '../hooks/use-ui.ts';
import { matched } from '../resources/cells.ts';
import type { UiState } from '../store/state.ts';
import type { Line } from '../theme/tokens.ts';
import { type KeyTable, keysText } from './help.tsx';

/** Every command, found by typing; those that cannot act now say why. */
export function Palette({ columns, rows }: { readonly columns: number; readonly rows: number }) {
	const table = useUiContext();
	return (
		<StateLines
			linesOf={(state) => paletteLines(state, table, columns, rows)}
			columns={columns}
			rows={rows}
		/>
	);
}

/** The palette as text; the row under the cursor is always among the rows. */
export function paletteLines(
	state: UiState,
	table: KeyTable,
	columns: number,
	rows: number,
): readonly Line[] {
	const matches = paletteMatches(table.commands, state.entry?.value ?? '');
	const page = rows - 1;
	const first = Math.max(0, Math.min(state.overlays.cursor - page + 1, matches.length - page));
	const lines = matches.slice(first, first + page).map(({ command, titleRanges }, index): Line => {
		const able = availability(command, state);
		const reason: Line = able === true ? [] : [{ text: ` — ${able}`, token: 'muted' }];
		const left: Line = [
			{ text: '  ' },
			...matched(command.title, titleRanges, able === true ? undefined : 'muted'),
			...reason,
		];
		const line = splitLine(left, [{ text: ` ${keysText(command, table)} `, token: 'key' }], columns);
		return first + index === state.overlays.cursor ? selectedLine(fitLine(line, columns)) : line;
	});
	const title = paneTitle({
		label: '',
		title: [{ text: 'Commands', token: 'titleFocused' }],
		remarks: [{ text: 'type to find · Enter runs · Esc closes', token: 'muted' }],
		focused: true,
		columns,
	});
	return [
		title,
		...(matches.length > 0 ? lines : [[{ text: '  No command fits.', token: 'muted' }] as Line]),
	];
}
