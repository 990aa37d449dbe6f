/** The confirmation as lines of text: what, on which objects, what follows, and the two buttons. */

import { shortId } from '../../cri/ids.ts';
import { formatBytes } from '../../text/bytes.ts';
import { sanitizeLine } from '../../text/sanitize.ts';
import { stringWidthCells } from '../../text/width.ts';
import { wrapWords } from '../../text/wrap-words.ts';
import { fitLine, lineWidthCells, truncateLine } from '../format/line.ts';
import { dialogReady, rowOfTarget, targetLabel } from '../store/action-targets.ts';
import {
	consequences,
	crictlLine,
	effectText,
	graceOf,
	graceText,
	usesGrace,
} from '../store/action-words.ts';
import { layoutOf } from '../store/layout.ts';
import type { ActionDialog, ActionTarget, TargetKind } from '../store/slices/actions.ts';
import type { UiState } from '../store/state.ts';
import type { Line, Span, Token } from '../theme/tokens.ts';
import { demoParts, type DialogPart as Part } from './dialog-demo.ts';

/** Room that the dialog may take, in cells. */
export type DialogSize = { readonly columns: number; readonly rows: number };

const verbNames = { stop: 'Stop', kill: 'Kill', remove: 'Remove', prune: 'Prune', start: 'Start' } as const;
const widestCells = 84;
/** Objects that are listed one by one; of more than a screenful or two nobody reads the names. */
const listedObjects = 100;
/** Top border, buttons, bottom border. */
const chromeRows = 3;

/** Who is to confirm a change counts every object: 1749, never 1.7k. */
function exactPlural(count: number, noun: string): string {
	return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

function countsOf(targets: readonly ActionTarget[]): string {
	const kinds = ['container', 'pod', 'image'] as const;
	return kinds
		.map((kind) => ({ kind, count: targets.filter((target) => target.kind === kind).length }))
		.filter(({ count }) => count > 0)
		.map(({ kind, count }) => exactPlural(count, kind))
		.join(', ');
}

function titleOf({ verb, targets }: ActionDialog): string {
	if (verb === 'prune') return 'Prune this node';
	const [only] = targets;
	return targets.length === 1 && only
		? `${verbNames[verb]} ${only.kind}`
		: `${verbNames[verb]} ${countsOf(targets)}`;
}

function objectText(state: UiState, target: ActionTarget): Part {
	const row = rowOfTarget(state, target);
	const label = `${targetLabel(target)}  ${shortId(target.id)}`;
	if (!row) return { label: '', text: `${label}  gone meanwhile`, token: 'muted' };
	const attempt = row.kind === 'container' ? `  attempt ${row.container.metadata.attempt}` : '';
	const condition =
		row.kind === 'image' ? `  ${formatBytes(row.image.sizeBytes)}` : `  ${row.stateText.toLowerCase()}`;
	return { label: '', text: `${label}${attempt}${condition}` };
}

function objectParts(state: UiState, dialog: ActionDialog): readonly Part[] {
	const parts = dialog.targets.slice(0, listedObjects).map((target): Part => {
		const part = objectText(state, target);
		return dialog.excludedKinds.includes(target.kind) ? { ...part, token: 'muted' } : part;
	});
	const more = dialog.targets.length - parts.length;
	return more > 0 ? [...parts, { label: '', text: `and ${more} more`, token: 'muted' }] : parts;
}

/** The first names of many objects; all of them stand at the end of the dialog. */
function namesOf({ targets }: ActionDialog): string {
	const names = targets.slice(0, 3).map(targetLabel);
	const more = targets.length - names.length;
	return `${names.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

/** Sentences that differ only in a number of attempt are one sentence for many objects. */
function distinct(sentences: readonly string[], many: boolean): readonly string[] {
	return [
		...new Set(many ? sentences.map((text) => text.replace(/attempt \d+/g, 'a new attempt')) : sentences),
	];
}

const kindWords: Readonly<Record<Exclude<TargetKind, 'demo'>, string>> = {
	container: 'exited: superseded, or of stopped pods',
	pod: 'not ready: kubelet forgets what they ran',
	image: 'used by no container, not pinned',
};

function pruneParts(state: UiState, dialog: ActionDialog): readonly Part[] {
	const kinds = ['container', 'pod', 'image'] as const;
	const parts: Part[] = kinds.map((kind, index) => {
		const own = dialog.targets.filter((target) => target.kind === kind);
		const off = own.length === 0 || dialog.excludedKinds.includes(kind);
		const freed = own.reduce((sum, target) => sum + target.sizeBytes, 0n);
		const bytes = freed > 0n ? `, frees up to ${formatBytes(freed)}` : '';
		const text = `${exactPlural(own.length, kind)}${own.length > 0 ? ` ${kindWords[kind]}${bytes}` : ''}`;
		return { label: `[${off ? ' ' : 'x'}] ${index + 1}`, text, token: off ? 'muted' : undefined };
	});
	return [
		...parts,
		{
			label: 'Effect',
			text: 'Removed for good, with writable layers and exit codes. Nothing that runs is touched.',
		},
		{ label: 'crictl', text: crictlLine(state, dialog), token: 'muted' },
		...objectParts(state, dialog),
	];
}

function bodyParts(state: UiState, dialog: ActionDialog): readonly Part[] {
	const ready = dialogReady(state);
	const refusal: readonly Part[] = ready === true ? [] : [{ label: '', text: ready, token: 'warn' }];
	const { verb } = dialog;
	if (verb === 'prune') return [...refusal, ...pruneParts(state, dialog)];
	if (verb === 'start' || dialog.targets[0]?.kind === 'demo') {
		return [...refusal, ...demoParts(verb === 'start', state)];
	}
	const many = dialog.targets.length > 1;
	const rows = dialog.targets.flatMap((target) => {
		const row = rowOfTarget(state, target);
		return row ? [{ row, target }] : [];
	});
	const effects = rows.map(({ row, target }) => effectText(verb, row, graceOf(dialog, target)));
	const follows = rows.flatMap(({ row }) => consequences(state, verb, row));
	const objects = objectParts(state, dialog);
	return [
		...refusal,
		...(many ? [{ label: 'On', text: namesOf(dialog) }] : objects),
		...distinct(effects, many).map((text): Part => ({ label: 'Effect', text, token: 'warn' })),
		...(usesGrace(state, dialog) ? [{ label: 'Grace', text: `${graceText(dialog)} (g changes it)` }] : []),
		...distinct(follows, many).map((text): Part => ({ label: 'Then', text })),
		...(dialog.requiredText === undefined
			? []
			: [
					{
						label: 'System',
						text: `This keeps the node working: y asks you to type "${dialog.requiredText}".`,
						token: 'danger',
					} satisfies Part,
				]),
		...(rows.length === 0
			? []
			: [{ label: 'crictl', text: crictlLine(state, dialog), token: 'muted' } satisfies Part]),
		...(many ? objects : []),
		...dialog.skipped.map((text): Part => ({ label: 'Not', text, token: 'muted' })),
	];
}

function partLines(part: Part, widthCells: number): readonly Line[] {
	// Hanging labels cost eight cells a line: too much on a narrow screen, where they stand before the text.
	const hanging = widthCells >= 50 ? 8 : 0;
	const label: Span = { text: part.label, token: 'accent' };
	if (hanging === 0) {
		const own = part.label ? `${part.label}: ` : '';
		return wrapWords(own + sanitizeLine(part.text), widthCells).map((text, index) =>
			index === 0 && own
				? [
						{ ...label, text: own },
						{ text: text.slice(own.length), token: part.token },
					]
				: [{ text, token: part.token }],
		);
	}
	const indent = part.label ? hanging : 0;
	return wrapWords(sanitizeLine(part.text), widthCells - indent).map((text, index) => {
		const head: Line = indent > 0 ? [fitLine(index === 0 ? [label] : [], indent)].flat() : [];
		return [...head, { text, token: part.token }];
	});
}

function boxColumns({ columns }: DialogSize): number {
	return Math.min(columns >= 60 ? columns - 4 : columns, widestCells);
}

function bodyLines(state: UiState, dialog: ActionDialog, size: DialogSize): readonly Line[] {
	const widthCells = boxColumns(size) - 4;
	return bodyParts(state, dialog).flatMap((part) => partLines(part, widthCells));
}

/** How far the open dialog's text can be scrolled, in lines. */
export function dialogScrollLimit(state: UiState): number {
	const { dialog } = state.actions;
	if (!dialog) return 0;
	const size = { columns: state.screen.columns, rows: layoutOf(state.screen).bodyRows };
	return Math.max(0, bodyLines(state, dialog, size).length - (size.rows - chromeRows));
}

function buttons(dialog: ActionDialog, able: boolean): Line {
	const button = (text: string, focused: boolean, token: Token | undefined): Line => [
		{ text: focused ? '▶' : ' ', token: 'titleFocused' },
		{ text: `[ ${text} ]`, reverse: focused, token: focused ? undefined : token },
	];
	return [
		...button('Cancel', dialog.focus === 'cancel', undefined),
		{ text: '  ' },
		...button(verbNames[dialog.verb], dialog.focus === 'confirm', able ? 'danger' : 'keyDisabled'),
	];
}

function hints(state: UiState, dialog: ActionDialog): string {
	const yes = `y ${dialog.verb}s`;
	const more = dialog.verb === 'prune' ? ' · 1 2 3 choose' : usesGrace(state, dialog) ? ' · g grace' : '';
	return `${yes} · Esc cancels${more}`;
}

/** The dialog as a box of lines, all of one width; at most as high and wide as the room. */
export function dialogLines(state: UiState, size: DialogSize): readonly Line[] {
	const { dialog } = state.actions;
	if (!dialog) return [];
	const columns = boxColumns(size);
	const body = bodyLines(state, dialog, size);
	const shownRows = Math.max(1, Math.min(body.length, size.rows - chromeRows));
	const scroll = Math.min(dialog.scroll, Math.max(0, body.length - shownRows));
	const able = dialogReady(state) === true;
	const rule = (left: string, text: Line, right: string): Line => {
		const cut = truncateLine(text, columns - 4);
		const rest = Math.max(0, columns - 3 - lineWidthCells(cut));
		return [
			{ text: `${left}─`, token: 'warn' },
			...cut,
			{ text: `${'─'.repeat(rest)}${right}`, token: 'warn' },
		];
	};
	const row = (line: Line): Line => [
		{ text: '│ ', token: 'warn' },
		...fitLine(line, columns - 4),
		{ text: ' │', token: 'warn' },
	];
	const hidden = body.length > shownRows;
	const position = hidden ? ` j k ${scroll + 1}-${scroll + shownRows}/${body.length} ` : '';
	const controls = buttons(dialog, able);
	const hint = hints(state, dialog);
	const room = columns - 4 - lineWidthCells(controls);
	const hintFits = stringWidthCells(hint) + 2 <= room;
	const foot: Line = hintFits
		? [...controls, { text: `${' '.repeat(room - stringWidthCells(hint))}${hint}`, token: 'muted' }]
		: controls;
	const title: Line = [{ text: ` ${sanitizeLine(titleOf(dialog))} `, token: 'titleFocused' }];
	const box = [
		rule('┌', title, '┐'),
		...body.slice(scroll, scroll + shownRows).map(row),
		row(foot),
		rule('└', position ? [{ text: position, token: 'accent' }] : [], '┘'),
	];
	// A window may be narrower than the frame alone.
	return box.map((line) => truncateLine(line, columns));
}
