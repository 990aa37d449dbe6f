import { sanitizeLine } from '../../text/sanitize.ts';
import { wrapWords } from '../../text/wrap-words.ts';
import { StateLines } from '../components/lines.tsx';
import { lineWidthCells, truncateLine } from '../format/line.ts';
import { paneTitle } from '../format/pane-title.ts';
import { useUiContext } from '../hooks/use-ui.ts';
import { formatChord } from '../keys/display.ts';
import { currentShell, type ShellMode, type ShellSession, type ShellState } from '../store/slices/shell.ts';
import type { UiState } from '../store/state.ts';
import type { Line, Token } from '../theme/tokens.ts';
import type { KeyTable } from './help.tsx';

type Size = { readonly columns: number; readonly rows: number };

/** The pane of a shell or attached container: a title, then the container's own screen. */
export function Shell(size: Size) {
	const table = useUiContext();
	return <StateLines linesOf={(state) => shellLines(state, table, size)} {...size} />;
}

/** The pane as text. */
export function shellLines(state: UiState, table: KeyTable, size: Size): readonly Line[] {
	const session = currentShell(state.shell);
	if (!session) return [];
	const offer = offering(table);
	const remarks = remarksOf(session, state.shell, offer);
	return [
		paneTitle({
			label: '',
			// The way out stays on screen however long the names are.
			title: truncateLine(titleOf(session), Math.max(0, size.columns - lineWidthCells(remarks) - 7)),
			remarks,
			focused: true,
			columns: size.columns,
		}),
		...bodyOf(session, state.shell.mode, offer, { columns: size.columns, rows: size.rows - 1 }),
	];
}

/** Writes a command's first key and what it does. */
type Offer = (id: string, words: string) => Line;

function offering({ keymap, unicode }: KeyTable): Offer {
	return (id, words) => {
		const chord = keymap.keysOf(id)[0];
		return [
			{ text: chord ? formatChord(chord, { unicode }) : 'unbound', token: 'key' },
			{ text: ` ${words}`, token: 'muted' },
		];
	};
}

function titleOf(session: ShellSession): Line {
	const what = session.purpose === 'shell' ? 'Shell in ' : 'Attached to ';
	return [
		{ text: `${what}${sanitizeLine(session.container)}`, token: 'titleFocused' },
		{ text: ` · ${sanitizeLine(session.pod)}`, token: 'muted' },
		...(session.command ? [{ text: ` · ${sanitizeLine(session.command)}`, token: 'muted' } as const] : []),
	];
}

/** What the keys do now, the chord that takes them back above all. */
function remarksOf(session: ShellSession, { mode, sessions }: ShellState, offer: Offer): Line {
	const { kind } = session.phase;
	const below = session.screen?.linesBelow ?? 0;
	if (mode === 'scroll') {
		return joined([
			[{ text: below > 0 ? `${below} lines below` : 'at the end', token: 'accent' }],
			offer('shell.endScroll', 'back'),
		]);
	}
	if (kind === 'asking') return joined([offer('attach.confirm', 'attach'), offer('attach.cancel', 'cancel')]);
	if (kind === 'ended') return joined([offer('shell.done', 'closes'), offer('shell.scroll', 'scroll')]);
	if (mode === 'menu') {
		return joined([
			offer('shell.close', 'end'),
			offer('shell.leave', 'background'),
			offer('shell.zoom', 'zoom'),
			offer('shell.scroll', 'scroll'),
			...(sessions.length > 1 ? [offer('shell.next', 'next')] : []),
			offer('shell.sendChord', 'send it'),
			offer('shell.resume', 'go on'),
		]);
	}
	return joined([offer('shell.menu', 'leaves, zooms, scrolls')]);
}

function joined(parts: readonly Line[]): Line {
	return parts.flatMap(
		(part, index): Line => (index === 0 ? part : [{ text: ' · ', token: 'muted' }, ...part]),
	);
}

function bodyOf(
	session: ShellSession,
	mode: ShellMode,
	offer: Offer,
	{ columns, rows }: Size,
): readonly Line[] {
	const { phase, screen } = session;
	const lines = screen?.lines ?? [];
	switch (phase.kind) {
		case 'asking':
			return [
				[],
				...wrapped(`  Attach to process 1 of ${sanitizeLine(session.container)}?`, columns, 'warn'),
				...wrapped('  What you type goes to the process: Ctrl-C may end it.', columns),
				[],
				[{ text: '  ' }, ...joined([offer('attach.confirm', 'attaches'), offer('attach.cancel', 'cancels')])],
			];
		case 'opening':
			return lines.length > 0
				? lines
				: [
						[
							{
								text: session.purpose === 'shell' ? '  Looking for a shell …' : '  Attaching …',
								token: 'muted',
							},
						],
					];
		case 'live':
			return session.purpose === 'attach' && lines.every(isBlank)
				? [[{ text: '  Attached; nothing was printed yet.', token: 'muted' }], ...lines.slice(1)]
				: lines;
		case 'ended': {
			if (mode === 'scroll') return lines;
			const closes = offer('shell.done', 'closes').map(({ text }) => text);
			const ending = wrapped(`${phase.text} · ${closes.join('')}`, columns, phase.level);
			const used = lines.findLastIndex((line) => !isBlank(line)) + 1;
			// The newest lines stay: what a program said last is why it ended.
			return [...lines.slice(Math.max(0, used + ending.length - rows), used), ...ending];
		}
	}
}

function isBlank(line: Line): boolean {
	return line.every((span) => span.text.trim() === '');
}

function wrapped(text: string, columns: number, token?: Token): readonly Line[] {
	return wrapWords(text, columns).map((line) => [{ text: line, token }]);
}
