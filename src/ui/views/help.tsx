import { padCells } from '../../text/width.ts';
import { availability, type Command } from '../commands/command.ts';
import { helpEntries } from '../commands/help-entries.ts';
import { StateLines } from '../components/lines.tsx';
import { paneTitle } from '../format/pane-title.ts';
import { useUiContext } from '../hooks/use-ui.ts';
import { formatChord } from '../keys/display.ts';
import type { Keymap } from '../keys/keymap.ts';
import { placeOf } from '../keys/place.ts';
import type { UiState } from '../store/state.ts';
import type { Line } from '../theme/tokens.ts';

/** What surrounds help and palette: the table and how its keys are written. */
export type KeyTable = {
	readonly commands: readonly Command[];
	readonly keymap: Keymap;
	readonly unicode: boolean;
};

/** The chords of a command as people read them; `unbound` where the configuration took them all. */
export function keysText(command: Command, { keymap, unicode }: KeyTable): string {
	const chords = keymap.keysOf(command.id).map((chord) => formatChord(chord, { unicode }));
	return chords.length > 0 ? chords.join(' ') : 'unbound';
}

/** The keys that work where the person is, with the reason for those that cannot act now. */
export function Help({ columns, rows }: { readonly columns: number; readonly rows: number }) {
	const table = useUiContext();
	return (
		<StateLines linesOf={(state) => helpLines(state, table, columns, rows)} columns={columns} rows={rows} />
	);
}

/** Help as text, scrolled to where it is. */
export function helpLines(state: UiState, table: KeyTable, columns: number, rows: number): readonly Line[] {
	const entries = helpEntries(table.commands, placeOf(state, { underHelp: true }));
	const { scroll } = state.overlays;
	const last = Math.min(entries.length, scroll + rows - 1);
	const place = last - scroll < entries.length ? `${scroll + 1}-${last} of ${entries.length} · ` : '';
	const keyCells = columns < 60 ? 12 : 16;
	const title = paneTitle({
		label: '',
		title: [
			{ text: 'Keys that work here', token: 'titleFocused' },
			{ text: ' (! changes the node)', token: 'warn' },
		],
		remarks: [{ text: place ? `${place}j k · Esc closes` : 'Esc closes', token: 'muted' }],
		focused: true,
		columns,
	});
	const lines = entries.map((entry): Line => {
		if (entry.kind === 'heading') return [{ text: ` ${entry.text}`, token: 'titleFocused' }];
		const able = availability(entry.command, state);
		const keys = padCells(keysText(entry.command, table), keyCells);
		return [
			{ text: entry.command.danger === 'confirm' ? '! ' : '  ', token: 'warn' },
			{ text: `${keys} `, token: able === true ? 'key' : 'keyDisabled' },
			{ text: entry.command.title, token: able === true ? undefined : 'muted' },
			...(able === true ? [] : [{ text: ` — ${able}`, token: 'muted' } as const]),
		];
	});
	return [title, ...lines.slice(scroll)];
}
