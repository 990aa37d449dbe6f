/** The list of background tasks as text: one line each, and below it everything known of the selected one. */

import { shortId } from '../../cri/ids.ts';
import { formatBytes } from '../../text/bytes.ts';
import { formatClock } from '../../text/duration.ts';
import { sanitizeLine } from '../../text/sanitize.ts';
import { wrapWords } from '../../text/wrap-words.ts';
import { fitLine, lineWidthCells, selectedLine, splitLine, truncateLine } from '../format/line.ts';
import { paneTitle } from '../format/pane-title.ts';
import { targetLabel } from '../store/action-targets.ts';
import { layoutOf } from '../store/layout.ts';
import type { Change, StepResult } from '../store/slices/actions.ts';
import type { PullTask } from '../store/slices/pulls.ts';
import type { UiState } from '../store/state.ts';
import { selectedTask, selectedTaskIndex, type TaskRow, taskRows } from '../store/tasks.ts';
import type { Line, Token } from '../theme/tokens.ts';
import { changeProgress, verbDoing } from './activity.ts';
import { transferFullText, transferLines, transferPercent, transferProgress } from './transfer-text.ts';

type Size = { readonly columns: number; readonly rows: number };
type Said = { readonly word: string; readonly token: Token | undefined; readonly text: string };

const pullTokens: Readonly<Record<PullTask['state'], Token | undefined>> = {
	running: 'accent',
	done: 'ok',
	failed: 'fail',
	cancelled: 'warn',
};

function pullProgress({ telling, transfer, growthBytes }: PullTask, nowMs: number): string {
	if (transfer) return transferProgress(transfer, nowMs);
	if (telling === 'asked') return 'beginning';
	return growthBytes === undefined
		? 'no progress told by the CRI; the store has not grown yet'
		: `~${formatBytes(growthBytes)} so far, by store growth`;
}

function pullSaid(task: PullTask, nowMs: number): Said {
	const { state, result, problem } = task;
	const token = pullTokens[state];
	switch (state) {
		case 'running':
			return { word: 'pulling', token, text: pullProgress(task, nowMs) };
		case 'done':
			return {
				word: 'pulled',
				token,
				text: `${result?.unchanged ? 'was up to date, ' : ''}${formatBytes(result?.sizeBytes)}, ${shortId(result?.imageId ?? '')}`,
			};
		case 'failed':
			return { word: 'failed', token, text: problem?.sentence ?? '' };
		case 'cancelled':
			return { word: 'cancelled', token, text: 'cancelled by you' };
	}
}

function worst(results: readonly StepResult[]): StepResult['outcome'] {
	const outcomes = (['failed', 'unknown', 'done', 'gone'] as const).filter((outcome) =>
		results.some((result) => result.outcome === outcome),
	);
	return outcomes[0] ?? 'unknown';
}

function changeSaid(state: UiState, change: Change): Said {
	if (change.endedAtMs === undefined) {
		return {
			word: verbDoing[change.verb].toLowerCase(),
			token: 'accent',
			text: changeProgress(state, change),
		};
	}
	const outcome = worst(change.results);
	const words = { failed: 'failed', unknown: 'unsure', done: 'done', gone: 'gone' } as const;
	const tokens = { failed: 'fail', unknown: 'warn', done: 'ok', gone: 'muted' } as const;
	const telling = change.results.find((result) => result.outcome === outcome);
	const count = change.results.filter((result) => result.outcome === outcome).length;
	const text =
		change.results.length > 1 ? `${count} of ${change.results.length}: ${telling?.text}` : telling?.text;
	return { word: words[outcome], token: tokens[outcome], text: text ?? '' };
}

function saidOf(state: UiState, row: TaskRow): Said {
	return row.kind === 'pull' ? pullSaid(row.pull, state.nowMs) : changeSaid(state, row.change);
}

function subjectOf(row: TaskRow): string {
	if (row.kind === 'pull') return row.pull.image;
	const { verb, targets } = row.change;
	const [only] = targets;
	return targets.length === 1 && only ? `${verb} ${targetLabel(only)}` : `${verb} ${targets.length} objects`;
}

function elapsed(state: UiState, row: TaskRow): string {
	const { endedAtMs } = row.kind === 'pull' ? row.pull : row.change;
	return formatClock((endedAtMs ?? Math.max(state.nowMs, row.startedAtMs)) - row.startedAtMs);
}

/** How far a pull is that tells it: it stays in sight however long the name. */
function percentSpans(state: UiState, row: TaskRow): Line {
	if (row.kind !== 'pull' || row.pull.state !== 'running' || !row.pull.transfer) return [];
	const percent = transferPercent(row.pull.transfer, state.nowMs);
	return percent === undefined ? [] : [{ text: `${percent.padStart(4)}  `, token: 'accent' }];
}

function rowLine(state: UiState, row: TaskRow, columns: number): Line {
	const { word, token, text } = saidOf(state, row);
	const left: Line = [
		{ text: ` ${word.padEnd(9)} `, token },
		{ text: sanitizeLine(subjectOf(row)) },
		...(columns >= 60 ? [{ text: `  ${sanitizeLine(text)}`, token: 'muted' } as const] : []),
	];
	const right: Line = [...percentSpans(state, row), { text: `${elapsed(state, row)} `, token: 'muted' }];
	return splitLine(truncateLine(left, columns - Math.max(9, lineWidthCells(right) + 1)), right, columns);
}

/** Everything known of a task, as plain paragraphs; not sanitised. */
function detailsOf(state: UiState, row: TaskRow): readonly string[] {
	if (row.kind === 'change') {
		const { results } = row.change;
		// A single one has been said in full by the line above.
		const said = results.length > 1 ? results.map((result) => `${result.outcome}: ${result.text}`) : [];
		const waiting = row.change.current.map(({ target }) => `under way: ${targetLabel(target)}`);
		return [changeSaid(state, row.change).text, ...waiting, ...said];
	}
	const { pull } = row;
	// A runtime that tells of its pulls looks into its own files for what nobody gave it.
	const none = pull.telling === 'told' ? 'none given; the runtime looks for its own' : 'none, anonymous';
	const auth = [`Credentials: ${pull.credentials ?? none}.`];
	switch (pull.state) {
		case 'running':
			// The lines of the transfer say all of it.
			if (pull.telling !== 'mute') return pull.transfer ? auth : ['Beginning.', ...auth];
			return [
				`${pullSaid(pull, state.nowMs).text}.`,
				'The growth of the image store is an estimate: other pulls and removals count too, and unpacking lags.',
				...auth,
			];
		case 'done':
			return [
				`Image ${pull.result?.imageId ?? ''}, ${formatBytes(pull.result?.sizeBytes)}, in ${elapsed(state, row)}.`,
				...(pull.result?.unchanged ? ['The store had exactly this image before.'] : []),
				...auth,
			];
		case 'failed':
			return [
				pull.problem?.sentence ?? '',
				pull.problem?.remedy ?? '',
				...auth,
				'The runtime said:',
				...(pull.problem?.text ?? '').split('\n'),
			];
		case 'cancelled':
			return ['Cancelled by you. Layers that had arrived may stay until the runtime clears them.', ...auth];
	}
}

/** Everything known of a task as one text, for the clipboard. */
export function taskFullText(state: UiState, row: TaskRow): string {
	const transfer = row.kind === 'pull' ? transferFullText(row.pull, state.nowMs) : [];
	return [subjectOf(row), ...detailsOf(state, row), ...transfer].join('\n');
}

/** Rows of list and details in a room; the list gets what it needs up to half. */
function shares(count: number, rows: number): { readonly list: number; readonly details: number } {
	const body = Math.max(0, rows - 2);
	const list = Math.max(1, Math.min(count, Math.ceil(body / 2)));
	return { list, details: Math.max(0, body - list) };
}

function detailLines(state: UiState, row: TaskRow, columns: number, rows: number): readonly Line[] {
	const words = detailsOf(state, row).flatMap((paragraph) =>
		wrapWords(sanitizeLine(paragraph), columns - 2).map((text): Line => [{ text: ` ${text}` }]),
	);
	if (row.kind !== 'pull') return words;
	const transfer = transferLines(row.pull, state.nowMs, { columns, rows: rows - words.length });
	// What goes on comes first while it does; afterwards, what came of it.
	return row.pull.state === 'running' ? [...transfer, ...words] : [...words, ...transfer];
}

/** How far the details can be scrolled, in lines. */
export function taskDetailsLimit(state: UiState): number {
	const row = selectedTask(state);
	if (!row) return 0;
	const { details } = shares(taskRows(state).length, layoutOf(state.screen).bodyRows);
	return Math.max(0, detailLines(state, row, state.screen.columns, details).length - details);
}

/** The whole overlay. */
export function pullsLines(state: UiState, { columns, rows }: Size): readonly Line[] {
	const tasks = taskRows(state);
	const title = paneTitle({
		label: '',
		title: [
			{ text: 'Background tasks', token: 'titleFocused' },
			{ text: ` ${tasks.length}`, token: 'muted' },
		],
		remarks: [{ text: 'Esc closes', token: 'muted' }],
		focused: true,
		columns,
	});
	const selected = selectedTask(state);
	if (!selected)
		return [
			title,
			[],
			[{ text: '  Nothing yet. P pulls an image; S, K and D change objects.', token: 'muted' }],
		];
	const index = selectedTaskIndex(state);
	const { list, details } = shares(tasks.length, rows);
	const first = Math.max(0, Math.min(index - Math.floor(list / 2), tasks.length - list));
	const lines = tasks.slice(first, first + list).map((row): Line => {
		const line = rowLine(state, row, columns);
		return row === selected ? selectedLine(fitLine(line, columns)) : line;
	});
	const subject = paneTitle({
		label: '',
		title: [{ text: sanitizeLine(subjectOf(selected)), token: 'title' }],
		remarks: [],
		focused: false,
		columns,
	});
	const all = detailLines(state, selected, columns, details);
	const scroll = Math.min(state.overlays.scroll, Math.max(0, all.length - details));
	return [title, ...lines, subject, ...all.slice(scroll, scroll + details)];
}
