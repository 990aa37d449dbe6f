import { sanitizeLine } from '../../text/sanitize.ts';
import { sliceCells, stringWidthCells } from '../../text/width.ts';
import { availability } from '../commands/command.ts';
import { StateLines } from '../components/lines.tsx';
import { lineWidthCells, splitLine, truncateLine } from '../format/line.ts';
import { useUiContext } from '../hooks/use-ui.ts';
import { formatChord } from '../keys/display.ts';
import { placeOf } from '../keys/place.ts';
import { type Scope, scopesAt } from '../keys/scope.ts';
import type { EntryState } from '../store/slices/entry.ts';
import type { Notice } from '../store/slices/notices.ts';
import type { UiState } from '../store/state.ts';
import type { Line, Span, Token } from '../theme/tokens.ts';
import { activityLine } from './activity.ts';
import type { KeyTable } from './help.tsx';

const noticeToken: Readonly<Record<Notice['level'], Token | undefined>> = {
	plain: undefined,
	ok: 'ok',
	warn: 'warn',
	fail: 'fail',
};

/** The last line: what is being typed, the newest notice, or the keys that work here. */
export function Footer({ columns }: { readonly columns: number }) {
	const table = useUiContext();
	return <StateLines linesOf={(state) => [footerLine(state, table, columns)]} columns={columns} rows={1} />;
}

/** The part of a typed line that fits, and where in it the cursor is, in cells. */
export function entryWindow(
	entry: NonNullable<EntryState>,
	widthCells: number,
): { readonly text: string; readonly cursorCells: number } {
	const value = entry.masked ? '•'.repeat([...entry.value].length) : entry.value;
	const before = entry.masked
		? '•'.repeat([...entry.value.slice(0, entry.cursor)].length)
		: entry.value.slice(0, entry.cursor);
	const cursorCells = stringWidthCells(before);
	const from = Math.max(0, cursorCells - widthCells + 1);
	return { text: sliceCells(value, from, from + widthCells), cursorCells: cursorCells - from };
}

/** Cells before the text of an entry in the footer. */
export function entryLabelCells(entry: NonNullable<EntryState>): number {
	return stringWidthCells(entry.label) + (entry.label.length > 1 ? 1 : 0);
}

/** Cells that the typed text may take: what is wrong with it stays in sight, however long it is. */
export function entryTextCells(entry: NonNullable<EntryState>, columns: number): number {
	const room = columns - entryLabelCells(entry) - 1;
	const problemCells = entry.problem ? stringWidthCells(sanitizeLine(entry.problem)) + 2 : 0;
	return Math.max(8, room - Math.min(problemCells, Math.floor(columns * 0.7)));
}

function entryLine(entry: NonNullable<EntryState>, columns: number): Line {
	const label = entry.label.length > 1 ? `${entry.label} ` : entry.label;
	const problem: Line = entry.problem ? [{ text: `  ${sanitizeLine(entry.problem)}`, token: 'fail' }] : [];
	const { text } = entryWindow(entry, entryTextCells(entry, columns));
	const typed: Span = { text, token: entry.proposed ? 'muted' : undefined };
	return truncateLine([{ text: label, token: 'key' }, typed, ...problem], columns);
}

/** The footer as text. */
export function footerLine(state: UiState, table: KeyTable, columns: number): Line {
	if (state.entry) return entryLine(state.entry, columns);
	const notice = state.notices.current;
	const activity = activityLine(state, columns);
	if (notice) {
		return splitLine(
			[{ text: sanitizeLine(notice.text), token: noticeToken[notice.level] }],
			activity,
			columns,
		);
	}
	const hinted = (scopes: readonly Scope[], room: number): Line => {
		const own = table.commands.filter(
			(command) => command.hint && command.scopes.some((scope) => scopes.includes(scope)),
		);
		let left = room;
		return own.flatMap((command): readonly Span[] => {
			const chord = table.keymap.keysOf(command.id)[0];
			if (!chord) return [];
			const able = availability(command, state) === true;
			const keys = formatChord(chord, { unicode: table.unicode });
			// A hint is shown whole or not at all; the two cells behind it may be lost at the edge.
			left -= stringWidthCells(`${keys} ${command.hint}  `);
			if (left < -2) return [];
			return [
				{ text: keys, token: able ? 'key' : 'keyDisabled' },
				{ text: ` ${command.hint}  `, token: able ? undefined : 'keyDisabled' },
			];
		});
	};
	const scopes = scopesAt(placeOf(state));
	const globalOnly = scopes.filter((scope) => scope === 'global');
	// The way to help, to all commands and out stays on screen however narrow it is; what goes on in the background
	// comes first where there is no room for both.
	const always =
		columns < 60 && activity.length > 0 ? activity : [...activity, ...hinted(globalOnly, columns)];
	const own = hinted(
		scopes.filter((scope) => scope !== 'global'),
		columns - lineWidthCells(always) - 1,
	);
	return splitLine(own, always, columns);
}
