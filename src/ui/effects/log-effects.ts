import { isAbort } from '../../cri/errors.ts';
import type { LogHistory } from '../../node/logs/log-history.ts';
import type { LogMatcher } from '../../node/logs/log-matcher.ts';
import { mergeLogHistories } from '../../node/logs/merge-log-histories.ts';
import { openLogHistory } from '../../node/logs/open-log-history.ts';
import { formatPlural } from '../../text/numbers.ts';
import { chosenEntries, savedText } from '../store/slices/logs/entry-text.ts';
import { logScreenText } from '../store/slices/logs/pane-rows.ts';
import type { EffectHost } from './effect-host.ts';
import type { LogJob } from './log-job.ts';
import { findJob, previousAttemptJob, startJob, timeJob } from './log-places.ts';
import { expandHome, saveJob, saveText } from './log-save.ts';
import { type LogSession, startLogSession } from './log-session.ts';
import { type WantedLog, wantedLog } from './log-wanted.ts';

/** What a saved file holds. */
export type LogSaving = 'everything' | 'marked' | 'screen';

/** Reading, following and searching log files for the log pane. */
export type LogEffects = {
	/** Goes to the next match of the search in the state; the first may be under the cursor. */
	readonly find: (direction: 'forward' | 'backward', isFirst?: boolean) => void;
	readonly toStart: () => void;
	readonly toEnd: () => void;
	readonly toTime: (timestampNanos: bigint) => void;
	readonly toPreviousAttempt: () => void;
	readonly save: (typedPath: string, what: LogSaving) => void;
	/** Stops what takes long; false when nothing did. */
	readonly cancel: () => boolean;
};

/** Presses of n that are remembered while the match before is looked for. */
const maxRepeats = 20;

/** The effects of the log pane; `follow` is to be called after every event. */
export type LogEffectsHandle = LogEffects & Disposable & { readonly follow: () => void };

type Opened = { readonly history: LogHistory; readonly session: LogSession };

/**
 * Makes the effects. The log of the selection opens once the cursor has rested, so that walking down a list opens
 * no file in passing.
 * @param options.settleMs how long the cursor must rest; the first log opens at once.
 */
export function createLogEffects(
	host: EffectHost,
	{ settleMs = 120 }: { readonly settleMs?: number } = {},
): LogEffectsHandle {
	let wanted: WantedLog | undefined;
	let opening: AbortController | undefined;
	let opened: Opened | undefined;
	let timer: NodeJS.Timeout | undefined;
	let pending: ((host: EffectHost) => LogJob) | undefined;
	let counting: AbortController | undefined;
	let finding: { direction: 'forward' | 'backward'; text: string; repeats: number } | undefined;
	let lastInputs: readonly unknown[] = [];

	function close(): void {
		finding = undefined;
		opening?.abort();
		opening = undefined;
		counting?.abort();
		opened?.session[Symbol.dispose]();
		void opened?.history[Symbol.asyncDispose]();
		opened = undefined;
	}

	async function open(log: WantedLog): Promise<void> {
		close();
		const { target, title, files, reason } = log;
		const sources = log.target?.kind === 'pod' ? files.map(({ label }) => label) : [];
		const source =
			files.length > 0 ? ({ kind: 'opening' } as const) : ({ kind: 'none', text: reason } as const);
		host.dispatch('logs', { kind: 'logTargetChosen', target, title, sources, source });
		if (files.length === 0) return;
		const stop = new AbortController();
		opening = stop;
		const signal = AbortSignal.any([stop.signal, host.signal]);
		try {
			const histories = await Promise.all(
				files.map(async ({ label, logPath }) => ({
					label,
					history: await openLogHistory({ logPath, signal }),
				})),
			);
			const first = histories[0];
			const history = sources.length > 0 || !first ? mergeLogHistories(histories) : first.history;
			if (signal.aborted) {
				await history[Symbol.asyncDispose]();
				return;
			}
			opening = undefined;
			const session = startLogSession(host, history, host.getState().logs.session);
			opened = { history, session };
			host.dispatch('logs', { kind: 'logSourceChanged', source: { kind: 'open' } });
			const next = pending;
			pending = undefined;
			if (next) session.start(next(host));
			else session.follow();
		} catch (error) {
			if (isAbort(error) || signal.aborted) return;
			const text = error instanceof Error ? error.message : String(error);
			host.dispatch('logs', { kind: 'logSourceChanged', source: { kind: 'none', text } });
		}
	}

	function choose(): void {
		const { inventory, lists, logs } = host.getState();
		const inputs = [
			inventory.containers,
			inventory.pods,
			inventory.containerFacts,
			lists.containers.selectedId,
			lists.pods.selectedId,
			logs.mode,
		];
		if (inputs.every((input, index) => input === lastInputs[index]) && lastInputs.length > 0) return;
		lastInputs = inputs;
		const next = wantedLog(host.getState());
		if (next.key === wanted?.key) return;
		// A log that is open stays so when the runtime forgets the object: the file is still the truth.
		if (next.files.length === 0 && opened && next.target && next.target.id === logs.target?.id) return;
		const isFirst = wanted === undefined || opened === undefined;
		wanted = next;
		clearTimeout(timer);
		// Opening dispatches, and this is called from within a dispatch.
		timer = setTimeout(() => void open(next), isFirst ? 0 : settleMs);
	}

	function start(job: (host: EffectHost) => LogJob): void {
		if (opened && host.getState().logs.source.kind === 'open') opened.session.start(job(host));
		else pending = job;
	}

	/** A job that takes the place of a search, also of one that has not begun. */
	function startOther(job: (host: EffectHost) => LogJob): void {
		finding = undefined;
		start(job);
	}

	function count(text: string, matcher: LogMatcher): void {
		counting?.abort();
		const stop = new AbortController();
		counting = stop;
		opened?.history.count(matcher, { signal: stop.signal }).then(
			({ matches }) => host.dispatch('logs', { kind: 'logMatchesCounted', text, matches }),
			// Only the number in the title is missing then.
			() => undefined,
		);
	}

	function saved(file: string, lines: readonly string[]): void {
		const done = (level: 'ok' | 'fail', text: string): void =>
			host.dispatch('notices', { kind: 'noticeRaised', level, text });
		saveText(file, lines.map((line) => `${line}\n`).join('')).then(
			() => done('ok', `Saved ${formatPlural(lines.length, 'line')} to ${file}.`),
			(error: unknown) => done('fail', error instanceof Error ? error.message : String(error)),
		);
	}

	return {
		follow() {
			choose();
			opened?.session.follow();
		},
		find(direction, isFirst = false) {
			const { search } = host.getState().logs;
			if (!search) return;
			counting?.abort();
			// A key pressed again while the match is looked for counts: n n n is three matches on.
			if (finding?.direction === direction && finding.text === search.text && !isFirst) {
				finding.repeats = Math.min(finding.repeats + 1, maxRepeats);
				return;
			}
			const mine = { direction, text: search.text, repeats: 0 };
			finding = mine;
			start(() => {
				const job = findJob(host, search.matcher, direction, isFirst);
				const run: LogJob['run'] = async (tools) => {
					try {
						await job.run(tools);
						for (; mine.repeats > 0; mine.repeats--) {
							await findJob(host, search.matcher, direction, false).run(tools);
						}
					} finally {
						if (finding === mine) finding = undefined;
					}
					// Counting waits for finding: both read the same bytes, and a place is wanted first.
					if (search.matches === undefined) count(search.text, search.matcher);
				};
				return { ...job, run };
			});
		},
		toStart: () => startOther(startJob),
		toEnd() {
			host.dispatch('logs', { kind: 'logEndTaken' });
			opened?.session.retry();
		},
		toTime: (timestampNanos) => startOther(() => timeJob(host, timestampNanos)),
		toPreviousAttempt: () => startOther(previousAttemptJob),
		save(typedPath, what) {
			const file = expandHome(typedPath, host.env);
			const state = host.getState();
			const { logs } = state;
			const withTime = logs.view.timestamps !== 'off';
			if (what === 'everything') startOther(() => saveJob(host, file, logs.query, withTime));
			else if (what === 'screen') saved(file, logScreenText(state));
			else
				saved(
					file,
					chosenEntries(logs).map((entry) => savedText(entry, withTime)),
				);
		},
		cancel() {
			const wasCounting = counting !== undefined && host.getState().logs.search?.matches === undefined;
			counting?.abort();
			counting = undefined;
			return (opened?.session.cancel() ?? false) || wasCounting;
		},
		[Symbol.dispose]() {
			clearTimeout(timer);
			close();
		},
	};
}
